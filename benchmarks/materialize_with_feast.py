"""Materialise the rows with Feast once, and print what it took (JSON).

Runs in an environment of its own (requirements-feast.txt), in which this project is not installed.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.measure import Stopwatch, use_cores


def main() -> None:
    """Measure one materialisation in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--rows", type=int, required=True)
    arguments = parser.parse_args()
    use_cores()
    clock = Stopwatch()
    from feast import FeatureStore

    clock.lap("import")
    store = FeatureStore(repo_path=str(arguments.project))
    store.list_feature_views()  # reads the registry
    clock.lap("open")
    store.materialize(datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
    clock.lap("work")
    names = ("feast", "duckdb", "redis", "hiredis")
    # It does not say how many it wrote; the benchmark counts the keys.
    clock.report(rows=arguments.rows, versions={name: version(name) for name in names})


if __name__ == "__main__":
    main()
