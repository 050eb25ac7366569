"""Contender that joins a spine with this project's features once."""

from __future__ import annotations

from harness.measurements import Stopwatch
from joins.task import FEATURES, VIEW, read_arguments


def main() -> None:
    """Measure one join in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    import pyarrow  # noqa: F401 - would be imported on first use otherwise

    from feature_store import FeatureStore

    clock.imported()
    with FeatureStore(project_dir=arguments.project) as store:
        clock.start()
        table = store.get_historical_features(
            arguments.spine,
            [f"{VIEW}:{feature}" for feature in FEATURES],
            max_age=arguments.max_age_days and f"{arguments.max_age_days}d",
        ).to_arrow()
        clock.stop()
    clock.report("duckdb", rows=table.num_rows)
    if arguments.result:
        import pyarrow.parquet as pq

        pq.write_table(table, arguments.result)


if __name__ == "__main__":
    main()
