"""Generated data of the benchmark: a row per entity, before and after a hundredth has changed.

Every value is computed from the customer's number by arithmetic that is exact everywhere (integers,
MD5, one division), so two machines generate the same values.
"""

from __future__ import annotations

from pathlib import Path

from harness.work_database import read_sql, work_database, write_parquet

#: One entity in this many has a changed row.
CHANGED_ONE_IN = 100


def write_rows(path: Path, rows: int, *, nulls: bool = False, changed: bool = False) -> None:
    """Write the rows of all entities: Parquet, sorted by customer, times in UTC without a zone.

    Args:
        path: the Parquet file.
        rows: number of rows, one per entity: customers 1 to ``rows``.
        nulls: whether the average of no orders is null, as in the sample, or 0.
        changed: whether one row in :data:`CHANGED_ONE_IN` has changed.
    """
    query = read_sql(
        Path(__file__).with_name("rows.sql"),
        rows=rows,
        nulls=str(nulls).lower(),
        changed=str(changed).lower(),
        one_in=CHANGED_ONE_IN,
    )
    with work_database(path.parent) as connection:
        write_parquet(connection, query, path)
