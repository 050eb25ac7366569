"""Completes the YAML of one feature view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from feature_store.authoring.columns_in_yaml import ColumnList, WantedColumn
from feature_store.authoring.compiled import Compiled
from feature_store.authoring.declared_columns import (
    Column,
    columns_of,
    documented,
    key_column,
)
from feature_store.authoring.declared_tests import complete_checks
from feature_store.authoring.entries import (
    MATCHES,
    add_test,
    complete_online,
    entry_of,
    owner_of,
    refuse_shared,
    rows_of,
)
from feature_store.authoring.types import names_needing_quotes
from feature_store.authoring.views import Version, View
from feature_store.authoring.yaml_flow import flow
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError
from feature_store.registry.definitions import RESERVED

_BEFORE_CONFIG = ("name", "description", "docs", "latest_version")


def complete_versions(text: YamlText, view: View) -> None:
    """Write the versions of a view where they are missing; this needs no warehouse."""
    entry = entry_of(text, view.name)
    online = [view.online_name(version) for version in view.versions]
    for part in ("config", "columns", "versions", "data_tests", "tests"):
        refuse_shared(text, entry, part, online)
    for item in entry.list_of("versions"):
        refuse_shared(text, item, "columns", online)
    for owner in (entry, *entry.list_of("versions")):
        if (config := owner.get("config")) is not None:
            refuse_shared(text, config, "meta", online)
    if entry.flow:
        raise FeatureStoreError(
            f"{text.where}, line {entry.line}: {view.name} is written in braces",
            allowed="one key a line, from - name: on",
            next_step="write the model's keys below each other",
        )
    numbers = [version.number for version in view.versions if version.number is not None]
    if not numbers:
        return
    if entry.get("latest_version") is None:
        latest = max(numbers, key=lambda number: (not isinstance(number, str), number))
        text.add_key(entry, "latest_version", flow(latest), _BEFORE_CONFIG)
    if not entry_of(text, view.name).list_of("versions"):
        if entry_of(text, view.name).get("versions") is not None:
            text.remove_key(entry_of(text, view.name), "versions")
        text.add_key(entry_of(text, view.name), "versions", "\n  - v: 1")


def complete_view(
    text: YamlText, view: View, compiled: Compiled, served: list[Version]
) -> list[str]:
    """Bring the YAML of a view up to date, and return notes for the user.

    The versions in ``served`` have an online view.
    """
    _complete_config(text, view, compiled)
    wanted = [_wanted(view, version, compiled) for version in view.versions]
    lists, notes = _complete_columns(text, view, wanted)
    add_test(text, view.name, MATCHES)
    tests = complete_checks(text, view, compiled, lists[0][0].record())
    for number, (columns, of_list) in enumerate(lists):
        columns.write_record(columns.digests(of_list) + (tests if number == 0 else []))
    anchors = [_columns_anchor(text, view, version) for version in view.versions]
    for version, columns in zip(view.versions, anchors, strict=True):
        if version in served:
            _complete_served(text, view, version, columns)
    entry = entry_of(text, view.name)
    if len(lists) > 1 and entry.get("columns") is not None:
        text.remove_key(entry, "columns")
    return notes


def _complete_served(text: YamlText, view: View, version: Version, columns: str) -> None:
    holder = (
        owner_of(text, view, version)()
        if version.number is not None and entry_of(text, view.name).get("versions") is not None
        else entry_of(text, view.name)
    )
    if holder.get("config", "meta", "feature_view") is None:
        holder = entry_of(text, view.name)
    name = f"{view.name}{view.suffix(version)}"
    declaration = text.add_anchor(holder.get("config", "meta"), "feature_view", name)
    complete_online(text, view, version, declaration, columns)


def _complete_config(text: YamlText, view: View, compiled: Compiled) -> None:
    entry = entry_of(text, view.name)
    if entry.get("description") is None:
        said = f"One row per {rows_of(view, view.versions[-1])} and feature time."
        text.add_key(entry, "description", flow(said), ("name",))
    settings = {}
    config = entry_of(text, view.name).get("config")
    if (
        view.is_windowed
        and (config is None or config.get("materialized") is None)
        and any(
            compiled.materialized.get(view.sql_name(one), "feature_view") != "feature_view"
            for one in view.versions
        )
    ):
        settings["materialized"] = "feature_view"
    if config is None or config.get("contract") is None:
        settings["contract"] = {"enforced": True}
    if config is None or not config.resolved.pairs:
        if settings:
            text.set_value(entry_of(text, view.name), "config", flow(settings), _BEFORE_CONFIG)
        return
    for key, value in reversed(settings.items()):
        config = entry_of(text, view.name).get("config")
        if config.get("materialized") is not None:  # a comment above it stays its own
            text.add_key(config, key, flow(value), ("materialized",))
        else:
            text.add_first_key(config, key, flow(value))


def _wanted(view: View, version: Version, compiled: Compiled) -> list[WantedColumn]:
    """Return the columns of a version as its declaration and the warehouse have them."""
    types = compiled.types[view.sql_name(version)]
    declaration, docs = version.declaration, compiled.docs
    if "aggregates" in declaration:
        without_nulls = compiled.without_nulls.get(view.sql_name(version), frozenset())
        declared = columns_of(declaration, docs, without_nulls)
    else:
        declared = [_by_hand(name, declaration, docs) for name in types]
    quoted = names_needing_quotes(column.name for column in declared)
    by_name = {name.lower(): kind for name, kind in types.items()}
    if missing := [one.name for one in declared if one.name.lower() not in by_name]:
        raise FeatureStoreError(
            f"{view.name}: its SQL has no column {', '.join(missing)}",
            allowed=f"a column for all that is declared; it has {', '.join(types)}",
            next_step=f"select it in {view.sql_name(version)}.sql",
        )
    return [
        WantedColumn(
            one.name, by_name[one.name.lower()], one.description, one.not_null, one.name in quoted
        )
        for one in declared
    ]


def _by_hand(name: str, declaration: Mapping[str, Any], docs: frozenset[str]) -> Column:
    if name in declaration["entity"]:
        return key_column(name, docs)
    if name in RESERVED:
        return Column(name, documented(name, docs), True)
    words = name.replace("_", " ")
    return Column(name, documented(name, docs, f"{words[:1].upper()}{words[1:]}."), False)


def _complete_columns(
    text: YamlText, view: View, wanted: list[list[WantedColumn]]
) -> tuple[list[tuple[ColumnList, list[WantedColumn]]], list[str]]:
    """Complete one list for all versions, or one for each where they differ."""
    shapes = {
        tuple((one.name, one.data_type, one.not_null) for one in columns) for columns in wanted
    }
    entry = entry_of(text, view.name)
    own = [item for item in entry.list_of("versions") if item.get("columns") is not None]
    for item in own:
        if any(one.get("include") is not None for one in item.list_of("columns")):
            raise FeatureStoreError(
                f"{text.where}, line {item.line}: columns of a version include those of the model",
                allowed="no columns of the version, or a whole list of its own, which is completed",
                next_step="remove columns from the version, then run again",
            )
    if len(shapes) == 1 and not own:
        columns = ColumnList(text, owner_of(text, view, None))
        merged = _merged(view, wanted)
        lost = columns.complete(merged, f"{view.name}_columns")
        return [(columns, merged)], _lost(view.name, lost)
    lists, notes = [], []
    for version, of_version in zip(view.versions, wanted, strict=True):
        columns = ColumnList(text, owner_of(text, view, version))
        label = f"{view.name}{view.suffix(version)}"
        if not columns.is_there and entry.get("columns") is not None:
            _copy_columns(text, view, version)
        notes += _lost(label, columns.complete(of_version, f"{label}_columns"))
        lists.append((columns, of_version))
    return lists, notes


def _copy_columns(text: YamlText, view: View, version: Version) -> None:
    """Give a version the columns that all versions had, with what was written by hand in them."""
    shared = ColumnList(text, owner_of(text, view, None))
    record = sorted(shared.record())
    owner = owner_of(text, view, version)
    if owner().flow:
        raise text.unusual(owner().line)
    items = text.items_as_written(entry_of(text, view.name).get("columns"))
    of_record = {line.strip() for line in shared.record_lines()[2]}
    items = [line for line in items if line.strip() not in of_record]
    text.add_key(owner(), "columns", "".join(f"\n  {line}" for line in items))
    text.add_anchor(owner(), "columns", f"{view.name}{view.suffix(version)}_columns")
    ColumnList(text, owner).write_record(record)


def _lost(label: str, names: list[str]) -> list[str]:
    return [
        f"{label}: the column {name} is not declared any more; what was written by hand on it "
        "went with it"
        for name in names
    ]


def _merged(view: View, wanted: list[list[WantedColumn]]) -> list[WantedColumn]:
    """Return the columns of all versions, with a description of each where these differ."""
    merged = []
    for parts in zip(*wanted, strict=True):
        by_text: dict[str, list[str]] = {}
        for version, one in zip(view.versions, parts, strict=True):
            by_text.setdefault(one.description, []).append(view.suffix(version)[1:])
        first = parts[0]
        said = first.description
        if len(by_text) > 1:
            said = " ".join(f"{', '.join(names)}: {text}" for text, names in by_text.items())
        merged.append(WantedColumn(first.name, first.data_type, said, first.not_null, first.quote))
    return merged


def _columns_anchor(text: YamlText, view: View, version: Version) -> str:
    entry = entry_of(text, view.name)
    holder = entry
    if entry.get("versions") is not None:
        own = owner_of(text, view, version)()
        holder = own if own.get("columns") is not None else entry
    if holder is not entry:
        return text.add_anchor(holder, "columns", f"{view.name}{view.suffix(version)}_columns")
    return text.add_anchor(entry, "columns", f"{view.name}_columns")
