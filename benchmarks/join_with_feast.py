"""Join a spine with Feast's features once, and print what it took (JSON).

Runs in an environment of its own (requirements-feast.txt), in which this project is not installed.
"""

from __future__ import annotations

from importlib.metadata import version

from bench.measure import Stopwatch
from joins.measure import FEATURES, VIEW, read_arguments


def main() -> None:
    """Measure one join in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from feast import FeatureStore

    clock.lap("import")
    store = FeatureStore(repo_path=str(arguments.project))
    store.list_feature_views()  # reads the registry
    clock.lap("open")
    # Feast takes the spine as a data frame. Nullable integers stay what they are; as doubles, which
    # is what pandas makes of them, they would be slower to join.
    spine = pq.read_table(arguments.spine).to_pandas(
        types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get
    )
    view = f"{VIEW}_{arguments.max_age_days}d" if arguments.max_age_days else VIEW
    table = store.get_historical_features(
        entity_df=spine, features=[f"{view}:{feature}" for feature in FEATURES]
    ).to_arrow()
    clock.lap("join")
    names = ("feast", "ibis-framework", "duckdb")
    clock.report(rows=table.num_rows, versions={name: version(name) for name in names})
    if arguments.result:
        pq.write_table(table, arguments.result)


if __name__ == "__main__":
    main()
