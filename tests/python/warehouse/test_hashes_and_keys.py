"""Hashes distinguish rows, and composite keys stay distinct when they are joined to one text.

A small dbt project with one snapshot gives the macros; dbt's own hash takes its first snapshot.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.cli.arguments import read_entity
from feature_store.dbt.macros import ProjectMacros
from feature_store.registry.definitions import Feature, FeatureView
from feature_store.warehouse.row_hash import fingerprint_sql, row_hash_sql
from support.paths import REPOSITORY
from support.projects.compiled_project import dbt
from support.projects.dbt_project import DbtProject, served_snapshot

pytestmark = pytest.mark.slow

#: What this project adds to dbt's own way of making ids of a snapshot's rows.
KEYS = [("x|y", "z"), ("x", "y|z"), ("|", ""), ("", "|"), ("%7C", ""), ("a\\", "b"), ("a", "\\b")]


class SnapshotProject(DbtProject):
    """One snapshot with a composite key, of a table that the test writes."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.write_profile()
        self.write("models/online_things.sql", "select * from raw_things")
        self.write_settings()
        self.install(with_ours=True)

    def install(self, *, with_ours: bool) -> None:
        """Use this project's strategy, or dbt's own."""
        snapshot = served_snapshot("served_things", "online_things", ["a", "b"])
        if not with_ours:
            snapshot["snapshots"][0]["config"]["strategy"] = "check"
        self.write("snapshots/served_things.yml", snapshot)

    def serve(self, rows: dict[tuple[str, str], int]) -> Counter[tuple[str, str, int, bool]]:
        """Take a snapshot of these rows; return all of it, with whether a row is current."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("create or replace table raw_things (a varchar, b varchar, v int)")
            connection.executemany(
                "insert into raw_things values (?, ?, ?)", [[*key, v] for key, v in rows.items()]
            )
        run = dbt(self.folder, "build")
        assert run.returncode == 0, run.stdout
        [(self.has_own_ids,)] = self.query(
            "select count(distinct dbt_scd_id) = count(*) from served_things "
            "where dbt_valid_to is null"
        )
        return Counter(self.query("select a, b, v, dbt_valid_to is null from served_things"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SnapshotProject:
    return SnapshotProject(tmp_path_factory.mktemp("snapshots") / "project")


def test_a_change_of_one_key_ends_its_row_alone(project: SnapshotProject):
    """Also in a snapshot that was begun with dbt's own hash, by which two keys have one id."""
    rows = dict.fromkeys(KEYS, 1)
    first = Counter((*key, 1, True) for key in KEYS)
    project.install(with_ours=False)
    assert project.serve(rows) == first
    assert not project.has_own_ids
    project.install(with_ours=True)
    rows[KEYS[0]] = 2  # a change ends its row alone
    del rows[KEYS[2]]  # so does a deletion
    rows["n|m", "o"] = rows["n", "m|o"] = 1
    expected = first - Counter([(*KEYS[0], 1, True), (*KEYS[2], 1, True)])
    expected += Counter([(*KEYS[0], 1, False), (*KEYS[2], 1, False), (*KEYS[0], 2, True)])
    expected += Counter([("n|m", "o", 1, True), ("n", "m|o", 1, True)])
    assert project.serve(rows) == expected
    assert project.has_own_ids


@pytest.fixture(scope="module")
def macros(project: SnapshotProject) -> ProjectMacros:
    manifest = project.folder / "target/manifest.json"
    if not manifest.exists():
        assert dbt(project.folder, "parse").returncode == 0
    return ProjectMacros(json.loads(manifest.read_text()))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set threads = 1")
        yield opened


#: Values of a type that DuckDB's own hash() or an aggregate of it does not tell apart, and others.
VALUES = {
    "bigint": ["0", "1", "-1", "9223372036854775807"],
    "hugeint": ["0", "-1", "1", "18446744073709551616", "18446744073709551617"],
    "uhugeint": ["0", "1", "18446744073709551616"],
    "decimal(38, 2)": ["0", "-0.01", "0.01", "184467440737095516.16"],
    "decimal(19, 2)": ["0", "-0.01", "0.01"],
    "decimal(18, 2)": ["0", "-0.01", "0.01"],
    "decimal(9, 2)": ["0", "-0.01", "0.01"],
    "double": ["0", "'-0.0'", "1", "'nan'", "'inf'", "'-inf'"],
    "float": ["0", "'-0.0'", "0.1", "'nan'"],
    "boolean": ["true", "false"],
    "varchar": ["''", "'a'", "chr(0)", "'a' || chr(0)", "'null'", "'a,b'", "' a'"],
    "blob": ["''", "'a'", "'\\x00'"],
    "date": ["'2026-01-01'", "'1970-01-01'", "'infinity'"],
    "timestamp": ["'2026-12-01'", "'2026-12-02'", "'1970-01-01'", "'infinity'", "'-infinity'"],
    "time": ["'00:00'", "'00:00:00.000001'"],
    "interval": ["'1 month'", "'30 days'", "'720 hours'"],
    "uuid": ["'00000000-0000-0001-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'"],
    "integer[]": ["[]", "[null]", "[0, 5]", "[5]", "[5, 0]", "[0]"],
    "integer[][]": ["[[1], [2]]", "[[1, 2]]", "[]", "[[]]", "[null]"],
    "varchar[]": ["['a', 'b']", "['a, b']", "['']", "[]", "[null]", "['NULL']"],
    "struct(a integer, b integer)": [
        "{'a': 0, 'b': 5}",
        "{'a': 5, 'b': 0}",
        "{'a': null, 'b': null}",
    ],
    "map(varchar, integer)": ["map {'a': 1}", "map {'a': 2}", "map {'b': 1}", "map {}"],
    "json": ["'null'", "'{\"a\":1}'", "'[]'"],
}


@pytest.mark.parametrize("data_type", VALUES)
def test_other_values_have_other_hashes(connection: duckdb.DuckDBPyConnection, data_type: str):
    """Null is another value, too; alone, and beside a column that is 0."""
    values = [f"cast({text} as {data_type})" for text in [*VALUES[data_type], "null"]]
    for columns in (["v"], ["0", "v"], ["v", "0"], ["v", "v"]):
        rows = " union all ".join(f"select {value} as v" for value in values)
        found = connection.execute(f"select {row_hash_sql(columns)} from ({rows})").fetchall()
        assert len({*found}) == len(values)


def test_the_macro_and_the_function_give_the_same(
    connection: duckdb.DuckDBPyConnection, macros: ProjectMacros
):
    for data_type, texts in VALUES.items():
        rows = " union all ".join(f"select cast({text} as {data_type}) as v" for text in texts)
        sql, own = macros._row_hash(["v", "v is null"]), row_hash_sql(["v", "v is null"])
        assert connection.execute(f"select {sql} = {own} from ({rows})").fetchall() == [
            (True,) for _ in texts
        ]


_few = st.sampled_from([0, 1, -1, None])
_row = st.tuples(_few, _few, st.sampled_from(["", "1", None]), st.integers(0, 2))


def _table(rows: list[tuple[Any, ...]]) -> str:
    def text(value: Any) -> str:
        return "null" if value is None else repr(value)

    listed = ", ".join(
        f"({text(a)}::hugeint, {text(b)}::bigint, {text(c)}::varchar, timestamp '2026-12-0{d + 1}')"
        for a, b, c, d in rows
    )
    empty = "select null::hugeint, null::bigint, null::varchar, null::timestamp where false"
    return f"(values {listed}) as t(a, b, c, d)" if rows else f"({empty}) as t(a, b, c, d)"


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    one=st.lists(_row, max_size=8),
    other=st.lists(_row, max_size=8),
    copies=st.sampled_from([1, 2, 3]),
    change=st.tuples(st.integers(0, 7), st.integers(0, 3), _row),
)
def test_fingerprints_are_equal_for_equal_rows_only(
    connection: duckdb.DuckDBPyConnection, one: Any, other: Any, copies: int, change: Any
):
    """Of any two tables, and of two that differ in one value, were swapped, or hold copies."""
    one = one * copies
    at, column, new = change
    changed = [[*row] for row in one]
    if changed:
        changed[at % len(one)][column] = new[column]
    swapped = [[*row] for row in one]
    if len(swapped) > 1:
        swapped[0][column], swapped[1][column] = swapped[1][column], swapped[0][column]
    for second in (other, changed, swapped, one[::-1], one + one[:1], one + one):
        prints = [
            connection.execute(
                f"select {fingerprint_sql(['a', 'b', 'c', 'd'])} from {_table(rows)}"
            ).fetchall()
            for rows in (one, second)
        ]
        is_same = Counter(map(tuple, one)) == Counter(map(tuple, second))
        assert (prints[0] == prints[1]) == is_same


@pytest.mark.parametrize("rows", [2, 3, 1000, 1001])
def test_a_time_of_all_rows_changes_the_hash(connection: duckdb.DuckDBPyConnection, rows: int):
    """In DuckDB bit_xor(hash(key, time)) forgets the time that an even number of rows has."""
    prints = {
        connection.execute(
            f"select {fingerprint_sql(['k', 't'])} from "
            f"(select 'v' || i as k, timestamp '2026-12-01' + interval ({day}) day as t "
            f"from range({rows}) as r(i))"
        ).fetchone()
        for day in range(5)
    }
    assert len(prints) == 5


_part = st.text(alphabet="|%\\{}:,'\" \n7Ca✓", max_size=4) | st.none()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(one=st.tuples(_part, _part), other=st.tuples(_part, _part))
def test_keys_that_differ_have_other_texts(
    connection: duckdb.DuckDBPyConnection, macros: ProjectMacros, one: Any, other: Any
):
    sql = f"select {macros._composite_key_text(['$1::varchar', '$2::varchar'])}"
    texts = [connection.execute(sql, [*key]).fetchall() for key in (one, other)]
    assert (texts[0] == texts[1]) == (one == other)


def test_hashes_of_several_columns_are_combined_in_one_place():
    """Everything that combines hashes of rows does it by the macro or by its Python counterpart."""
    places = [*(REPOSITORY / "macros").rglob("*.sql"), *(REPOSITORY / "models").rglob("*.sql")]
    places += [*(REPOSITORY / "scripts/feature_store").rglob("*.py")]
    for path in places:
        text = path.read_text()
        assert "bit_xor(hash(" not in text or path.name in ("row_hash.py", "_row_hash.sql"), path
        assert "sum(hash(" not in text, path


@settings(max_examples=100, deadline=None, derandomize=True)
@given(parts=st.tuples(st.text(alphabet="|%7C25a:{} ", max_size=6), st.text("|%a", max_size=4)))
def test_ids_of_a_composite_key_can_be_given_in_one_text(parts: tuple[str, str]):
    store = [_composite()]
    text = "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)
    assert read_entity(store, "a|b", text) == {"a": parts[0], "b": parts[1]}


def _composite() -> FeatureView:
    keys = tuple(Feature(name, "varchar", "") for name in "ab")
    described = {"name": "v", "version": 1, "is_latest": True, "description": "", "features": ()}
    places = dict.fromkeys(("relation", "served_relation", "served_id", "deprecation_date"))
    return FeatureView(
        **described,
        **places,
        entity=keys,
        grain_seconds=1,
        ttl_seconds=None,
        layout="hash",
        unique_id="model.t.v",
        definition_hash="",
    )
