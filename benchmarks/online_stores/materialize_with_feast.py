"""Contender that materializes the rows with Feast once.

It runs in an environment of its own (requirements-feast.txt), without this project.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from harness.measurements import Stopwatch


def main() -> None:
    """Measure one materialization in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--rows", type=int, required=True)
    arguments = parser.parse_args()
    clock = Stopwatch()
    from feast import FeatureStore

    clock.imported()
    store = FeatureStore(repo_path=str(arguments.project))
    store.list_feature_views()  # reads the registry
    clock.start()
    store.materialize(datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
    clock.stop()
    # Feast does not report the number of rows; the benchmark counts the keys.
    clock.report("feast", "duckdb", "redis", "hiredis", rows=arguments.rows)


if __name__ == "__main__":
    main()
