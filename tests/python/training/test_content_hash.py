"""The content hash of a training set changes with every value, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from feature_store.training.content_hash import content_hash, split_hash
from feature_store.training.write import read_written
from feature_store.warehouse.sql import rows_of

pytestmark = pytest.mark.unit

MANY = 250_000


def hash_of(*queries: str) -> str:
    """Return the hash of a training set whose splits have the rows of these queries, in order."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        splits = {}
        columns: dict[str, str] = {}
        for name, query in zip(("train", "test"), queries, strict=False):
            columns = dict(row[:2] for row in rows_of(connection, f"describe {query}"))
            rows = f"select *, row_number() over () - 1 as _spine_row from ({query}) as rows"
            count = len(rows_of(connection, query))
            splits[name] = (count, split_hash(connection, rows, columns))
        return content_hash(columns, splits)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select 'a,b' as x, 'c' as y", "select 'a' as x, 'b,c' as y"),
        ("select '1:a' as x, '' as y", "select '1:' as x, 'a' as y"),
        ("select 'a' as x, 'b,1:c' as y", "select 'a,1:b' as x, 'c' as y"),
        ("select null::varchar as x", "select '' as x"),
        ("select null::varchar as x", "select 'null' as x"),
        ("select null::varchar as x", "select 'NULL' as x"),
        ("select null::varchar as x", "select '-' as x"),
        ("select null::varchar as x, 'a' as y", "select 'a' as x, null::varchar as y"),
        ("select 0.0::double as x", "select -0.0::double as x"),
        ("select 0.1::double as x", "select 0.1::double + 1e-17 + 2e-17 as x"),
        ("select 'nan'::double as x", "select null::double as x"),
        ("select 1::integer as x", "select 1::bigint as x"),
        ("select 1::bigint as x", "select '1' as x"),
        ("select 1.0::decimal(3, 1) as x", "select 1.0::double as x"),
        ("select true as x", "select 'true' as x"),
        ("select ['a', 'b'] as x", "select ['a, b'] as x"),
        ("select [null]::varchar[] as x", "select ['NULL'] as x"),
        ("select []::varchar[] as x", "select [''] as x"),
        ("select {'a': 1, 'b': 2} as x", "select {'a': 2, 'b': 1} as x"),
        (
            "select timestamp '2024-01-01' as x",
            "select timestamp '2024-01-01 00:00:00.000001' as x",
        ),
        ("select 1 as x", "select 1 as y"),
        ("select 1 as x, 1 as y", "select 1 as y, 1 as x"),
        ("values (1), (2)", "values (2), (1)"),
        ("values (1), (1)", "values (2), (2)"),
        ("values (1), (1), (3)", "values (2), (2), (3)"),
        ("values (1)", "values (1), (1), (1)"),
        ("values (1), (2)", "values (1)"),
    ],
)
def test_contents_with_different_hashes(one: str, other: str) -> None:
    assert hash_of(one) == hash_of(one)
    assert hash_of(one) != hash_of(other)


def test_a_row_changes_the_hash_of_its_split() -> None:
    assert hash_of("values (1), (2)", "values (3)") != hash_of("values (1)", "values (2), (3)")
    assert hash_of("values (1)", "values (2)") != hash_of("values (2)", "values (1)")


def test_one_row_of_many_changes_the_hash() -> None:
    rows = "select n, if(n = {}, 'x', 'y') as x from range(10000) as r(n)"
    assert len({hash_of(rows.format(number)) for number in (-1, 0, 9_998, 9_999)}) == 4


def test_files_and_threads_do_not_matter(tmp_path: Path) -> None:
    """Row groups, compression, threads and the session's own order of reading."""
    found = set()
    rows = f"select n, (n * 7919) % 1009 as label_time_, 'r' || n as x from range({MANY}) as r(n)"
    for number, (size, codec) in enumerate([(2048, "snappy"), (100_000, "zstd"), (MANY, "zstd")]):
        folder = tmp_path / str(number)
        (folder / "split=train").mkdir(parents=True)
        with duckdb.connect() as connection:
            connection.execute(
                "copy (select * replace (timestamp '2024-01-01' + n * interval 1 second as "
                f"label_time_) from ({rows}) as r) to '{folder}/split=train/part-0.parquet' "
                f"(format parquet, compression {codec}, row_group_size {size})"
            )
        for threads in (1, 2, 4):
            with duckdb.connect() as connection:
                connection.execute(f"set timezone = 'UTC'; set threads = {threads}")
                written = read_written(connection, folder, time="label_time_", label=None)
            assert written.rows == MANY
            found.add(written.content_hash)
    assert len(found) == 1
