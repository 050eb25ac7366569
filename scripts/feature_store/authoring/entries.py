"""The entries of online views and served snapshots in the YAML of a feature view."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Sequence

from feature_store.authoring.project_files import models_of, name_of
from feature_store.authoring.views import Version, View
from feature_store.authoring.yaml_nodes import Node
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError

MATCHES = "feature_store.matches_declaration"
_WIDTH = 96


def entry_of(text: YamlText, name: str) -> Node:
    """Return the entry of a model in a file that has it."""
    return next(entry for entry in models_of(text) if name_of(entry) == name)


def refuse_shared(text: YamlText, owner: Node, key: str, sharing: Collection[str] = ()) -> None:
    """Refuse a part that belongs to something else too: an edit of it would change that.

    What the online views named in ``sharing`` have as an alias is shared with them.
    """
    found = owner.get(key)
    if found is None or found.anchor is None:
        return
    if found.kind == "alias" or found.anchor in _aliases(text.root, sharing):
        mark = "*" if found.kind == "alias" else "&"
        raise FeatureStoreError(
            f"{text.where}, line {found.line}: {key} has the "
            f"{'alias' if mark == '*' else 'anchor'} {mark}{found.anchor}, and belongs to "
            "something else too",
            allowed=f"{key} written in place; aliases of single values below it",
            next_step=f"write {key} of each in its place, then run again",
        )


def _aliases(node: Node | None, skipped: Collection[str]) -> set[str]:
    """Return the anchors that aliases name, but for those in some entries."""
    if node is None or name_of(node) in skipped:
        return set()
    if node.kind == "alias":
        return {str(node.anchor)}
    parts = [*(part for pair in node.pairs for part in pair), *node.items]
    return set().union(*(_aliases(part, skipped) for part in parts))


def owner_of(text: YamlText, view: View, version: Version | None) -> Callable[[], Node]:
    """Return what finds the entry of a view, or of a version of it, after each edit."""

    def find() -> Node:
        entry = entry_of(text, view.name)
        if version is None:
            return entry
        listed = entry.list_of("versions")
        return next(item for item in listed if item.get("v").value == version.number)

    return find


def rows_of(view: View, version: Version) -> str:
    """Return an entity in words: ``customer and store``."""
    return " and ".join(
        key.removesuffix("_id").replace("_", " ") for key in version.declaration["entity"]
    )


def folded(description: str) -> list[str]:
    """Return a description as lines of a folded block scalar."""
    lines = textwrap.wrap(description, _WIDTH, break_on_hyphens=False, break_long_words=False)
    return ["description: >-", *(f"  {line}" for line in lines)]


def complete_online(
    text: YamlText, view: View, version: Version, declaration: str, columns: str
) -> None:
    """Write or correct the entry of an online view, given the anchors of the view's parts."""
    name = view.online_name(version)
    if name in [name_of(entry) for entry in models_of(text)]:
        _correct_online_config(text, name, declaration)
        _correct_online_columns(text, view, name, columns)
        add_test(text, name, MATCHES)
        return
    description = (
        f"One row per {rows_of(view, version)}: the latest row of {view.name} "
        f"{view.suffix(version)[1:]} at the time of the run."
    )
    lines = [
        f"name: {name}",
        *folded(description),
        "config:",
        "  materialized: view",
        "  contract: {enforced: true}",
        f"  meta: {{feature_view: *{declaration}}}",
        f"data_tests: [{MATCHES}]",
        f"columns: *{columns}",
    ]
    _add_entry(text, "models", lines, _place(text, view, version))


def _correct_online_config(text: YamlText, name: str, declaration: str) -> None:
    for key in ("config", "data_tests", "tests"):
        refuse_shared(text, entry_of(text, name), key)
    config = entry_of(text, name).get("config")
    if config is None or not config.pairs:
        meta = f"{{feature_view: *{declaration}}}"
        value = f"{{materialized: view, contract: {{enforced: true}}, meta: {meta}}}"
        text.set_value(entry_of(text, name), "config", value, ("name", "description"))
        return
    refuse_shared(text, config, "meta")
    found = config.get("meta", "feature_view")
    if found is None:
        raise FeatureStoreError(
            f"{text.where}: {name} has no config.meta.feature_view",
            next_step=f"write feature_view: *{declaration} there, or remove the entry",
        )
    if not _is_alias(found, declaration):
        text.set_alias(config.get("meta"), "feature_view", declaration)
    config = entry_of(text, name).get("config")
    if config.get("contract") is None:
        text.add_first_key(config, "contract", "{enforced: true}")


def _correct_online_columns(text: YamlText, view: View, name: str, columns: str) -> None:
    found = entry_of(text, name).get("columns")
    if found is None:
        text.add_key(entry_of(text, name), "columns", f"*{columns}")
    elif not _is_alias(found, columns):
        _refuse_own_columns(text, view, found)
        text.set_alias(entry_of(text, name), "columns", columns)


def _is_alias(node: Node, anchor: str) -> bool:
    return node.kind == "alias" and node.anchor == anchor


def _refuse_own_columns(text: YamlText, view: View, columns: Node) -> None:
    """Refuse columns of an online view with something of their own: the view's take their place."""
    own = {key for one in columns.resolved.items for key in one.value or ()}
    if columns.kind != "alias" and own - {"name", "quote", "data_type", "constraints"}:
        raise FeatureStoreError(
            f"{text.where}, line {columns.line}: the online view has columns of its own, and it "
            f"shares those of {view.name}",
            allowed=f"an alias of the columns of {view.name}; tests of the online view alone in "
            "its data_tests, with column_name",
            next_step=f"move what was written there to the columns of {view.name}, or to "
            "data_tests, and remove the list",
        )


def _place(text: YamlText, view: View, version: Version) -> int:
    """Return the number of the item behind the view and its other online views."""
    names = [name_of(entry) for entry in models_of(text)]
    before = [view.name, *(view.online_name(one) for one in view.versions)]
    before = before[: before.index(view.online_name(version))]
    return max(names.index(name) for name in before if name in names) + 1


def _add_entry(text: YamlText, key: str, lines: Sequence[str], at: int) -> None:
    """Add an entry to a list, with an empty line before it."""
    owner = text.root.get(key)
    items = owner.resolved.items
    dash = text.dash(items[0])
    indent = text.column(dash)
    entry = ["", f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
    text.insert_lines(items[at - 1].end, entry, indent)


def add_test(text: YamlText, model: str, test: str) -> None:
    """Add a test without arguments to a model that has it not."""
    entry = entry_of(text, model)
    key = "tests" if entry.get("tests") is not None else "data_tests"
    found = entry.list_of(key)
    if any(test_name(item).split(".")[-1] == test.split(".")[-1] for item in found):
        return
    if not found:
        if entry.get(key) is not None:
            text.remove_key(entry, key)
        after = ("name", "description", "docs", "latest_version", "config")
        text.add_key(entry_of(text, model), key, f"[{test}]", after)
    else:
        text.add_item(entry.get(key), test, 0)


def test_name(item: Node) -> str:
    """Return the name of a test in a list of tests."""
    node = item.resolved
    if node.kind == "scalar":
        return node.text
    first = next((key.text for key, _ in node.pairs), "")
    named = node.get("test_name")
    return named.text if named is not None else first
