"""Build the feature view with dbt once, in this process, and print what it took (JSON)."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.measure import Stopwatch, cpu_seconds, use_cores
from feature_builds.measure import VIEW


def sql_seconds(target: Path) -> float:
    """Return how long the view's SQL ran, hooks included, from dbt's ``run_results.json``."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    [timing] = [
        step
        for result in results
        for step in result["timing"]
        if f".{VIEW}." in result["unique_id"] and step["name"] == "execute"
    ]
    began, ended = (datetime.fromisoformat(timing[name]) for name in ("started_at", "completed_at"))
    return (ended - began).total_seconds()


class NodeCpu:
    """Seconds that all cores together spend while dbt runs a node."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __call__(self, event: Any) -> None:
        """Take an event of dbt."""
        if event.info.name == "NodeStart":
            self._began = cpu_seconds()
        elif event.info.name == "NodeFinished":
            self.seconds += cpu_seconds() - self._began


def main() -> None:
    """Measure one run in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--full-refresh", action="store_true")
    parser.add_argument("--nothing", action="store_true", help="Select no model.")
    arguments = parser.parse_args()
    use_cores()
    clock = Stopwatch()
    from dbt.cli.main import dbtRunner

    clock.lap("import")
    folder = str(arguments.project)
    chosen = "tag:nothing" if arguments.nothing else VIEW
    command = ["--quiet", "run", "--project-dir", folder, "--profiles-dir", folder]
    command += ["--select", chosen, *(["--full-refresh"] if arguments.full_refresh else [])]
    node_cpu = NodeCpu()
    done = dbtRunner(callbacks=[node_cpu]).invoke(command)
    clock.lap("build")
    if not done.success:
        raise SystemExit(str(done.exception or [str(one.message) for one in done.result]))
    seconds = 0.0 if arguments.nothing else sql_seconds(arguments.project / "target")
    clock.report(
        sql_seconds=seconds,
        sql_cpu_seconds=node_cpu.seconds,
        versions={"duckdb": version("duckdb")},
    )


if __name__ == "__main__":
    main()
