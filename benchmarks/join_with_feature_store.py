"""Join a spine with this project's features once, and print what it took (JSON)."""

from __future__ import annotations

from importlib.metadata import version

from bench.measure import Stopwatch
from joins.measure import FEATURES, VIEW, read_arguments


def main() -> None:
    """Measure one join in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    import pyarrow  # noqa: F401 - loaded on first use otherwise

    from feature_store import FeatureStore

    clock.lap("import")
    with FeatureStore(project_dir=arguments.project) as store:
        clock.lap("open")
        table = store.get_historical_features(
            arguments.spine,
            [f"{VIEW}:{feature}" for feature in FEATURES],
            max_age=arguments.max_age_days and f"{arguments.max_age_days}d",
        ).to_arrow()
        clock.lap("join")
    clock.report(rows=table.num_rows, versions={"duckdb": version("duckdb")})
    if arguments.result:
        import pyarrow.parquet as pq

        pq.write_table(table, arguments.result)


if __name__ == "__main__":
    main()
