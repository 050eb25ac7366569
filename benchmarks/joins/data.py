"""Generated data of the benchmark of joins: a feature table, and spines of labels.

Every value is computed from the row's number by arithmetic that is exact everywhere (integers,
square roots, MD5), so two machines generate the same values.
"""

from __future__ import annotations

from pathlib import Path

from harness.work_database import read_sql, work_database, write_parquet

#: Rows of the feature table per customer, on average.
ROWS_PER_CUSTOMER = 50
_HERE = Path(__file__).resolve().parent


def _write(path: Path, name: str, rows: int, **numbers: int) -> None:
    numbers |= {"rows": rows, "customers": max(1, rows // ROWS_PER_CUSTOMER)}
    with work_database(path.parent) as connection:
        connection.execute(read_sql(_HERE / "macros.sql", **numbers))
        # Feast's reader skips what it does not need by row group, so rows are sorted. Row groups
        # have DuckDB's size, and its compression, Snappy, is the quickest to read.
        write_parquet(connection, read_sql(_HERE / f"{name}.sql", **numbers), path)


def write_features(path: Path, rows: int) -> None:
    """Write the feature table: Parquet, sorted by customer and time, times in UTC.

    Args:
        path: the Parquet file.
        rows: its number of rows; the number of customers is a fiftieth of it.
    """
    _write(path, "features", rows)


def write_spine(path: Path, labels: int, feature_rows: int) -> None:
    """Write a spine for a feature table: label_id, customer_id, label_time, is_churned.

    Args:
        path: the Parquet file.
        labels: its number of rows.
        feature_rows: the number of rows of the feature table.
    """
    _write(path, "labels", feature_rows, labels=labels)
