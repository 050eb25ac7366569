"""Fetches the rows that a value was computed from: events, and the raw rows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from feature_store.display import counted
from feature_store.explain.explanation import Contribution
from feature_store.explain.manifest_nodes import sources_of
from feature_store.explain.view_rows import Row, columns_of, dict_rows
from feature_store.raw.internal_names import INTERNAL_COLUMNS, ROW_NUMBER
from feature_store.registry.definitions import FeatureDefinitions
from feature_store.registry.manifest import relation_of
from feature_store.warehouse.sql import count_of, identifier

#: The columns by which a cleaned row names its raw row, and their names in the raw table.
LINEAGE = {"source_file": "_source_file", "batch_id": "_batch_id", "source_row": ROW_NUMBER}


@dataclass(frozen=True)
class Selection:
    """The rows of a relation that are to be shown.

    Attributes:
        columns: the columns to show, besides load time and lineage; None: all.
        order: the columns to sort by first.
    """

    node: dict[str, Any]
    where: str
    parameters: list[Any]
    columns: list[str] | None
    order: list[str]


def contribution(
    connection: duckdb.DuckDBPyConnection,
    definitions: FeatureDefinitions,
    selection: Selection,
    limit: int | None,
) -> tuple[Contribution, list[str]]:
    """Fetch the selected rows and the raw rows that they were made from.

    At most ``limit`` rows are fetched, all are counted; notes say which have no known origin.
    """
    relation = relation_of(selection.node)
    existing = columns_of(connection, relation)
    known = [name for name in LINEAGE if name in existing]
    columns = selection.columns
    if columns is None:
        columns = list(existing)
    else:
        also = [name for name in ("loaded_at", *LINEAGE) if name in existing]
        columns = list(dict.fromkeys([*columns, *also]))
    names = ", ".join(identifier(name) for name in columns)
    order = ", ".join(
        identifier(name)
        for name in [*selection.order, "source_file", "source_row"]
        if name in existing
    )
    from_where = f"from {relation} where {selection.where}"
    count = count_of(connection, f"select count(*) {from_where}", selection.parameters)
    rows = dict_rows(
        connection,
        f"select {names} {from_where}"
        + (f" order by {order}" if order else "")
        + ("" if limit is None else f" limit {min(limit, 2**63 - 1)}"),
        selection.parameters,
    )
    raw: dict[str, list[Row]] = {}
    notes: list[str] = []
    if rows:
        raw, notes = _raw_rows(connection, definitions, selection.node, rows, len(known) == 3)
    return Contribution(relation, selection.node["unique_id"], rows, count, raw), notes


def _is_loaded(source: dict[str, Any]) -> bool:
    """Return whether the feature store loads the files of a source."""
    return "load" in (source.get("meta") or {})


def _raw_rows(
    connection: duckdb.DuckDBPyConnection,
    definitions: FeatureDefinitions,
    node: dict[str, Any],
    rows: list[Row],
    has_lineage: bool,
) -> tuple[dict[str, list[Row]], list[str]]:
    """Return the raw rows behind some rows by raw table, and notes about those not found."""
    relation, node_id = relation_of(node), node["unique_id"]
    if not has_lineage and not any(_is_loaded(one) for one in sources_of(definitions, node_id)):
        return {}, []  # another loader's rows have no numbers
    if not has_lineage:
        return {}, [
            f"{relation} does not carry {', '.join(LINEAGE)}: their raw rows are unknown "
            "(feature-store, docs/guides/bring_your_own_data.md)"
        ]
    wanted = [tuple(row[name] for name in LINEAGE) for row in rows]
    open_keys = list(dict.fromkeys(key for key in wanted if None not in key))
    raw: dict[str, list[Row]] = {}
    for source in sources_of(definitions, node_id):
        table = relation_of(source)
        if not open_keys or not set(INTERNAL_COLUMNS) <= set(columns_of(connection, table)):
            continue
        found = _lookup(connection, table, open_keys)
        if found:
            raw[table] = [row for key in open_keys if key in found for row in found[key]]
            open_keys = [key for key in open_keys if key not in found]
    notes = []
    nameless = sum(None in key for key in wanted)
    if nameless:
        notes.append(
            f"{counted(nameless, 'row')} of {relation} without a raw row's number: not from a "
            "file, or loaded before the loader numbered rows (run feature-store load, then dbt "
            "build)"
        )
    if open_keys:
        notes.append(
            f"raw rows of {counted(len(open_keys), 'row')} of {relation} are no longer there: "
            "loaded anew since dbt built it (run dbt build)"
        )
    return raw, notes


def _lookup(
    connection: duckdb.DuckDBPyConnection, table: str, keys: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[Row]]:
    wanted = ", ".join(f"unnest(?) as {name}" for name in LINEAGE)
    same = " and ".join(f"raw.{column} = wanted.{name}" for name, column in LINEAGE.items())
    rows = dict_rows(
        connection,
        f"select raw.* from {table} as raw join (select {wanted}) as wanted on {same}",
        [list(column) for column in zip(*keys, strict=True)],
    )
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in LINEAGE.values()), []).append(row)
    return found
