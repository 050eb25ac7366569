"""A small training set, its compiled encodings, and its statistics by their definition."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import strategies as st

from support.projects.compiled_project import compiled, write_project

Row = dict[str, Any]

#: The columns of the training set, with hard names and every type that is allowed.
TYPES = {
    "price": "double",
    'it\'s "spend"': "decimal(18,2)",
    "visits": "hugeint",
    "is_owner": "boolean",
    "ratio": "float",
    "constant": "double",
    "nothing": "double",
    "word": "varchar",
    'the "kind", it\'s': "varchar",
    "code": "bigint",
    "is_married": "boolean",
    "since": "date",
    "no_word": "varchar",
    "split": "varchar",
    "label_time": "timestamp",
}
NUMERIC = list(TYPES)[:7]
CATEGORICAL = list(TYPES)[7:13]
#: The categories that get a column of their own.
NAMED = {"word": ["a", "B b", "never seen", "it's"], "code": [0, 7], "is_married": [True]}
_WORDS = st.sampled_from(["a", "b", "B b", "", "it's", "ä, ö", 'q"t', "a|b", "z" * 30, None])
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "price": st.one_of(
        st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, -1e149, 1e16, 1e-300, None]),
        st.floats(-1e9, 1e9),
    ),
    'it\'s "spend"': st.one_of(
        st.none(), st.integers(-(10**17), 10**17).map(lambda cents: Decimal(cents) / 100)
    ),
    "visits": st.one_of(st.none(), st.integers(-5, 5), st.integers(-(2**53), 2**53)),
    "is_owner": st.sampled_from([True, False, None]),
    "ratio": st.one_of(st.none(), st.floats(-100, 100, width=32)),
    "constant": st.sampled_from([0.1, 0.1, None]),
    "nothing": st.none(),
    "word": _WORDS,
    'the "kind", it\'s': _WORDS,
    "code": st.sampled_from([0, 1, -7, 7, 10, None]),
    "is_married": st.sampled_from([True, False, None]),
    "since": st.sampled_from([date(2017, 1, 1), date(2016, 2, 29), None]),
    "no_word": st.none(),
    "split": st.sampled_from(["train", "train", "train", "validation", "test", "Train", None]),
    "label_time": st.sampled_from([datetime(2017, 3, 1), datetime(2017, 3, 1, 5, 6), None]),
}
rows_strategy = st.lists(st.fixed_dictionaries(_VALUES), max_size=14)


def jinja(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def encodings() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return every tested encoding: macro, column and arguments by output name."""
    tested: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for number, column in enumerate(NUMERIC):
        tested[f"standardized_{number}"] = ("standardized", column, {})
        tested[f"median_{number}"] = ("imputed", column, {})
        tested[f"mean_{number}"] = ("imputed", column, {"with": "mean"})
    for number, column in enumerate(CATEGORICAL):
        tested[f"ordinal_{number}"] = ("ordinal", column, {})
        tested[f"ordinal_null_{number}"] = ("ordinal", column, {"unseen": None})
        tested[f"most_frequent_{number}"] = ("imputed", column, {"with": "most_frequent"})
        tested[f"list_{number}"] = ("one_hot", column, {})
    return tested


def call(macro: str, column: str, arguments: Mapping[str, Any], more: str = "") -> str:
    given = "".join(
        f", {name}={'none' if value is None else jinja(value)}" for name, value in arguments.items()
    )
    return f"{macro}({jinja(column)}, ref('fitted'){given}{more})"


def write_and_compile(folder: Path) -> dict[str, str]:
    """Return the SQL of the statistics (``fitted``) and of every encoding (``encoded``)."""
    lists = [", ".join(map(jinja, columns)) for columns in (NUMERIC, CATEGORICAL)]
    items = [
        f"{{{{ {call(macro, column, arguments)} }}}} as {name}"
        for name, (macro, column, arguments) in encodings().items()
    ]
    for number, column in enumerate(NUMERIC):
        chained = call("standardized", column, {}, f", value={call('imputed', column, {})}")
        items.append(f"{{{{ {chained} }}}} as chained_{number}")
    for number, column in enumerate(CATEGORICAL):
        inner = call("imputed", column, {"with": "most_frequent"})
        for macro in ("ordinal", "one_hot"):
            chained = call(macro, column, {}, f", value={inner}")
            items.append(f"{{{{ {chained} }}}} as chained_{macro}_{number}")
    for column, categories in NAMED.items():
        texts = str(categories).replace("True", "true")
        items.append(f"{{{{ {call('one_hot', column, {}, f', categories={texts}')} }}}}")
    models = {
        "rows": "select 1 as one",
        "fitted": f"{{{{ fitted_statistics(ref('rows'), [{lists[0]}], [{lists[1]}],"
        " time='label_time') }}",
        "encoded": "select\n" + ",\n".join(items) + "\nfrom {{ ref('rows') }} order by _line",
        "on_test": "{{ fitted_statistics(ref('rows'), ['price'], split='the split',"
        ' fitted_on="it\'s") }}',
    }
    write_project(folder, models, {})
    return compiled(folder)


def write_rows(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
    """Make the table ``rows`` anew, with these rows in this order."""
    names = ['"' + name.replace('"', '""') + '"' for name in TYPES]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, TYPES.values(), strict=True))
    connection.execute(f"create or replace table rows ({columns}, _line integer)")
    lists = ", ".join(f"unnest(cast(? as {kind}[]))" for kind in TYPES.values())
    # Lists of hugeints and decimals are passed as text, which is exact.
    values = [
        [None if row[name] is None else str(row[name]) for row in rows]
        if TYPES[name] in ("hugeint", "decimal(18,2)")
        else [row[name] for row in rows]
        for name in TYPES
    ]
    connection.execute(
        f"insert into rows select {lists}, unnest(cast(? as integer[]))",
        [*values, list(range(len(rows)))],
    )


def text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def number_statistics(values: Sequence[Any]) -> tuple[float | None, float | None, float | None]:
    """Return mean, standard deviation and median of values without nulls."""
    ordered = sorted(float(value) + 0.0 for value in values)
    if not ordered:
        return None, None, None
    count = len(ordered)
    mean = ordered[0]
    if ordered[0] != ordered[-1]:
        total = 0.0
        for value in ordered:  # sum() of Python 3.12 adds with a correction
            total += value
        mean = total / count
    squares = 0.0
    for value in ordered:
        squares += (value - mean) * (value - mean)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return mean, math.sqrt(squares / count), middle


def statistics_table(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Return the table of statistics, by its definition."""
    fitted = [row for row in rows if row["split"] == "train"]
    times = [row["label_time"] for row in fitted if row["label_time"]]
    end = ("train", min(times, default=None), max(times, default=None))
    table: list[tuple[Any, ...]] = []
    for column in sorted([*NUMERIC, *CATEGORICAL], key=str.encode):
        known = [row[column] for row in fitted if row[column] is not None]
        counts = (len(fitted), len(fitted) - len(known))
        if column in NUMERIC:
            numbers = number_statistics(known)
            table.append((column, "numeric", None, None, *numbers, None, *counts, *end))
            continue
        ranked = sorted(
            Counter(map(text_of, known)).items(), key=lambda item: (-item[1], item[0].encode())
        )
        first = ranked[0][0] if ranked else None
        nulls = (None, None, None)
        table.append((column, "categorical", None, None, *nulls, first, *counts, *end))
        table += [
            (column, "categorical", text, rank, *nulls, None, count, 0, *end)
            for rank, (text, count) in enumerate(ranked)
        ]
    return table
