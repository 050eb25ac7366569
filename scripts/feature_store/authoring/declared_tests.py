"""The tests of declared means and deviations in the YAML of a feature view."""

from __future__ import annotations

from typing import Any

from feature_store.authoring.columns_in_yaml import digest
from feature_store.authoring.compiled import Compiled
from feature_store.authoring.declared_columns import columns_of
from feature_store.authoring.entries import entry_of, test_name
from feature_store.authoring.views import View
from feature_store.authoring.yaml_flow import flow
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError

_EXPECTATIONS = "dbt_expectations"


def complete_checks(
    text: YamlText, view: View, compiled: Compiled, record: frozenset[str]
) -> list[str]:
    """Write the tests of declared means and deviations; return the digests of those it wrote."""
    wanted = _checks(view, compiled)
    if wanted and _EXPECTATIONS not in compiled.packages:
        raise FeatureStoreError(
            f"{text.where}: {view.name} declares {' and '.join(sorted({k for k, _ in wanted}))}, "
            f"and the project has no dbt package {_EXPECTATIONS}",
            allowed="mean and stdev in a project with it",
            next_step=f"add metaplane/{_EXPECTATIONS} to packages.yml and run dbt deps, or remove "
            "them from the declaration",
        )
    written = []
    entry = entry_of(text, view.name)
    key = "tests" if entry.get("tests") is not None else "data_tests"
    for number in reversed(range(len(entry.list_of(key)))):
        item = entry_of(text, view.name).list_of(key)[number]
        check = _check_of(item)
        if check is None:
            continue
        ours = digest("test", flow(item.value)) in record
        if check in wanted:
            new = wanted.pop(check)
            if ours and item.value != new:
                text.replace(item.start, item.end, _as_item(new, flow_style=item.flow))
            if ours:
                written.append(digest("test", flow(new)))
        elif ours:
            text.remove_item(entry_of(text, view.name).get(key), number)
    for test in wanted.values():
        owner = entry_of(text, view.name).get(key)
        text.add_item(owner, _as_item(test, flow_style=owner.resolved.flow))
        written.append(digest("test", flow(test)))
    return sorted(written)


def _checks(view: View, compiled: Compiled) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the tests by kind and column, of the columns that every version has."""
    common = set.intersection(
        *({*compiled.types[view.sql_name(version)]} for version in view.versions)
    )
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for version in view.versions:
        for column in columns_of(version.declaration, compiled.docs):
            for kind, (low, high) in column.checks if column.name in common else ():
                found[kind, column.name] = {
                    f"{_EXPECTATIONS}.expect_column_{kind}_to_be_between": {
                        "arguments": {
                            "column_name": column.name,
                            "min_value": low,
                            "max_value": high,
                        },
                        "config": {"severity": "warn"},
                    }
                }
    return found


def _as_item(test: dict[str, Any], *, flow_style: bool) -> str:
    """Return a test as an item of a list: in a block list its name stands without braces."""
    return flow(test) if flow_style else flow(test)[1:-1]


def _check_of(item: Any) -> tuple[str, str] | None:
    """Return kind and column of a test of a mean or deviation."""
    for kind in ("mean", "stdev"):
        name = f"expect_column_{kind}_to_be_between"
        if test_name(item).split(".")[-1] == name:
            value = item.value.get(test_name(item)) or {}
            arguments = value.get("arguments") or value
            return kind, str(arguments.get("column_name"))
    return None
