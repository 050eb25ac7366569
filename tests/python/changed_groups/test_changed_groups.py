"""The query of changed groups returns exactly the groups whose rows differ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.dbt.macros import ProjectMacros
from feature_store.settings import Settings

pytestmark = pytest.mark.slow

COLUMNS = ["g", "h", "p", "v", "w"]
KEYS = [[], ["p"], ["p", "v"]]
#: Two columns of a group, one of a part, and values; few values, so that many rows are equal.
Row = tuple[int | None, str | None, int | None, int | None, int | None]
_few = st.sampled_from([0, 1, None])
_row = st.tuples(_few, st.sampled_from(["", "1", None]), _few, _few, st.integers(0, 3))


@pytest.fixture(scope="module")
def macros(sample: Settings) -> ProjectMacros:
    return ProjectMacros(json.loads((sample.target_path / "manifest.json").read_text()))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set threads = 1")
        for table in ("received", "built"):
            opened.execute(
                f"create table {table} (g bigint, h varchar, p bigint, v bigint, w bigint)"
            )
        yield opened


def changed(
    connection: duckdb.DuckDBPyConnection,
    macros: ProjectMacros,
    group: list[str],
    parts: list[str],
    *tables: Sequence[Row],
) -> list[tuple[Any, ...]]:
    """Return the groups of received and built rows that the query finds."""
    for name, rows in zip(("received", "built"), tables, strict=True):
        connection.execute(f"delete from {name}")
        if rows:
            connection.executemany(f"insert into {name} values (?, ?, ?, ?, ?)", rows)
    sql = macros._changed_groups_sql("received", "built", group, COLUMNS, parts)
    return connection.execute(sql).fetchall()


@settings(max_examples=150, deadline=None)
@given(
    both=st.lists(_row, max_size=6),
    received=st.lists(_row, max_size=3),
    built=st.lists(_row, max_size=3),
    parts=st.sampled_from(KEYS),
)
def test_groups_that_differ_are_found(
    connection: duckdb.DuckDBPyConnection,
    macros: ProjectMacros,
    both: list[Row],
    received: list[Row],
    built: list[Row],
    parts: list[str],
):
    """Copies count, a null is a group and a value, and parts make no difference."""
    now, before = Counter(both + received), Counter(both + built)
    different = {row[:2] for row in (now - before) + (before - now)}
    found = changed(connection, macros, ["g", "h"], parts, both + received, built + both)
    assert Counter(found) == Counter(different)


def test_values_swapped_between_rows_are_found(
    connection: duckdb.DuckDBPyConnection, macros: ProjectMacros
):
    """A sum of plain hashes, which combine columns by xor, does not differ for these rows."""
    (swapped,) = connection.execute(
        """
        with
        hashes as (
            select i, xor(hash(0, '', 0, i, 0), hash(0)) as of_v, hash(i) as of_w
            from range(900) as t(i)
        ),
        v_pairs as (
            select a.i as one, b.i as other, xor(a.of_v, b.of_v) as differing
            from hashes as a join hashes as b on a.i < b.i
            order by bit_count(differing) limit 400
        ),
        w_pairs as (
            select a.i as one, b.i as other, xor(a.of_w, b.of_w) as differing
            from hashes as a join hashes as b on a.i < b.i
            order by bit_count(differing) limit 400
        )
        select v_pairs.one, v_pairs.other, w_pairs.one, w_pairs.other
        from v_pairs join w_pairs on v_pairs.differing & w_pairs.differing = 0
        order by all limit 1
        """
    ).fetchall()
    v, other_v, w, other_w = swapped
    built = [(0, "", 0, v, w), (0, "", 0, other_v, other_w)]
    received = [(0, "", 0, v, other_w), (0, "", 0, other_v, w)]
    for parts in KEYS:
        assert changed(connection, macros, ["g"], parts, received, built) == [(0,)]
    plain = "select sum(hash(g, h, p, v, w)) from {}"
    sums = [connection.execute(plain.format(name)).fetchall() for name in ("received", "built")]
    assert sums[0] == sums[1]
