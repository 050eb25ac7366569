"""Contender that joins a spine with Feast's features once.

It runs in an environment of its own (requirements-feast.txt), without this project.
"""

from __future__ import annotations

from harness.measurements import Stopwatch
from joins.task import FEATURES, VIEW, read_arguments


def main() -> None:
    """Measure one join in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from feast import FeatureStore

    clock.imported()
    store = FeatureStore(repo_path=str(arguments.project))
    store.list_feature_views()  # reads the registry
    clock.start()
    # Feast takes the spine as a data frame. By default pandas turns nullable integers into doubles,
    # which are slower to join.
    spine = pq.read_table(arguments.spine).to_pandas(
        types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get
    )
    view = f"{VIEW}_{arguments.max_age_days}d" if arguments.max_age_days else VIEW
    table = store.get_historical_features(
        entity_df=spine, features=[f"{view}:{feature}" for feature in FEATURES]
    ).to_arrow()
    clock.stop()
    clock.report("feast", "ibis-framework", "duckdb", rows=table.num_rows)
    if arguments.result:
        pq.write_table(table, arguments.result)


if __name__ == "__main__":
    main()
