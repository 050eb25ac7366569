"""Contender that builds the feature view with dbt once, in this process."""

from __future__ import annotations

import argparse
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from feature_builds.task import VIEW
from harness.measurements import Stopwatch


def sql_seconds(target: Path) -> float:
    """Return the duration of the view's SQL with its hooks, from dbt's ``run_results.json``."""
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
    """CPU time of all cores while dbt runs nodes; a callback for dbt's events."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __call__(self, event: Any) -> None:
        """Add the CPU time of a node when it has finished."""
        if event.info.name == "NodeStart":
            self._began = time.process_time()
        elif event.info.name == "NodeFinished":
            self.seconds += time.process_time() - self._began


def main() -> None:
    """Measure one run in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--full-refresh", action="store_true")
    parser.add_argument("--nothing", action="store_true", help="select no model")
    arguments = parser.parse_args()
    clock = Stopwatch()
    began = time.perf_counter()
    from dbt.cli.main import dbtRunner

    clock.imported()
    folder = str(arguments.project)
    selected = "tag:nothing" if arguments.nothing else VIEW
    command = ["--quiet", "run", "--project-dir", folder, "--profiles-dir", folder]
    command += ["--select", selected, *(["--full-refresh"] if arguments.full_refresh else [])]
    node_cpu = NodeCpu()
    done = dbtRunner(callbacks=[node_cpu]).invoke(command)
    clock.stop()
    if not done.success:
        raise SystemExit(str(done.exception or [str(one.message) for one in done.result]))
    clock.report(
        "duckdb",
        seconds=0.0 if arguments.nothing else sql_seconds(arguments.project / "target"),
        cpu_seconds=node_cpu.seconds,
        command_seconds=time.perf_counter() - began,
    )


if __name__ == "__main__":
    main()
