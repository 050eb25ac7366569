"""The layouts of YAML in which people write: what they wrote stays, a second run changes nothing.

Neither dbt nor a warehouse is asked: the types of the columns are given.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from feature_store.authoring.declared_columns import features_of
from feature_store.authoring.views import Version, View
from support.completed import completed as completed_with
from support.errors import raises

pytestmark = pytest.mark.unit

_ONE = """\
models:
  - name: sales_of_shop
    config:
      meta:
        feature_view:
          entity: [shop]
          events: ref('sales')
          event_time: sold_at
          windows: [7d]
          aggregates:
            sales: count(*)
          online: {ttl: 30d}
"""
_FLOW = "{entity: [shop], events: ref('sales'), windows: [7d], aggregates: {sales: count(*)}"
_LONGER = _FLOW.replace("[7d]", "[7d, 9d]")
_VERSIONS = f"""\
models:
  - name: sales_of_shop
    config: {{}}
    columns:
      # Ours.
      - name: shop  # the key
        description: mine
        meta: {{since: 2024-01-01, of: [a, "b, c"]}}

      # Of the first.
      - {{name: sales_7d, description: "per-day # sales"}}
    versions:
      - v: 1
        config: {{meta: {{feature_view: {_FLOW}, online: {{ttl: 1d}}}}}}}}
      - v: 2
        config: {{meta: {{feature_view: {_LONGER}, online: {{ttl: 1d}}}}}}}}
"""
_ONLINE_BY_HAND = """\
  - name: online_sales_of_shop_v1
    description: Ours.
    config:
      meta:
        feature_view:
          entity: [shop]
    columns:
    - name: shop
    - name: sales_7d
"""
LAYOUTS = {
    "plain": _ONE,
    "columns in brackets, below a folded text with a dash": _ONE.replace(
        "    config:\n",
        "    description: >-\n      One row\n      per-day\n"
        "    columns: [{name: shop}, {name: sales_7d, description: mine}]\n    config:\n",
    ),
    "a comment behind the dash": _ONE.replace(
        "  - name: sales", "  - # the by-shop view\n    name: sales"
    ),
    "a lone dash": _ONE.replace(
        "  - name: sales", "  -\n\n    # the by-shop view\n    name: sales"
    ),
    "no indentation": "\n".join(
        line.removeprefix("  ") if line != "models:" else line for line in _ONE.split("\n")
    ),
    "four spaces": "\n".join(
        f"{' ' * (2 * indent - 2 if indent > 2 else 2 * indent)}{line.strip()}"
        for line in _ONE.split("\n")
        for indent in [len(line) - len(line.lstrip())]
    ),
    "a number as the version": f"{_ONE}    versions:\n      - v: 3\n",
    "a decimal number as the version": f"{_ONE}    versions:\n      - v: 1.5\n",
    "a text as the version": f"{_ONE}    versions:\n      - v: '2024.1'\n",
    "versions in braces": f"{_ONE}    versions: [{{v: 1}}, {{v: 2}}]\n",
    "no snapshots": f"{_ONE}\nsnapshots: []\n",
    "empty snapshots": f"{_ONE}snapshots:\n",
    "a snapshot of ours": (
        f"{_ONE}snapshots:\n- name: served_meals_v1\n  relation: ref('meals')  # ours\n"
    ),
    "an online view by hand": _ONE + _ONLINE_BY_HAND,
    "an online view by hand, its lists as far left as their keys": _ONE
    + _ONLINE_BY_HAND.replace("    - name", "    - name"),
    "versions that declare": _VERSIONS,
    "versions that declare, an empty config": _VERSIONS.replace("config: {}", "config:"),
    "versions that declare, columns in brackets": _VERSIONS.replace(
        _VERSIONS[_VERSIONS.index("    columns:") : _VERSIONS.index("    versions:")],
        "    columns: [{name: shop, description: mine, meta: {since: 2024-01-01}}]\n",
    ),
    "a number as a description": _ONE.replace(
        "    config:\n", "    columns:\n      - name: shop\n        description: 42\n    config:\n"
    ),
    "keys of other kinds": _ONE.replace("[shop]", "['sh: op', \"shop #1\", 'über']"),
    "a key below": _ONE.replace("[shop]", "\n          - shop\n          # and nothing else"),
    "other things around": "# top\nversion: 2\n\nsources:\n  - name: x\n\n"
    + _ONE
    + "\n  # between\n\n  - name: other\n    columns: []\n\nexposures: []\n# end",
    "tests of ours": _ONE.replace(
        "    config:\n",
        "    tests:\n    - unique_combination:  # ours\n        a: [b]\n    config:\n",
    ),
    "a document's mark": f"---\n{_ONE}",
    "windows line ends": _ONE.replace("\n", "\r\n"),
    "a comment that ends an aggregate": _ONE.replace(
        "          online: {ttl: 30d}\n", "            # refunds: sum(refund)\n"
    ).replace("          aggregates:", "          online: {ttl: 30d}\n          aggregates:"),
    "comments at the end": f"{_ONE}            # after online\n\n    # at the end of the model\n",
    "a key by a merge in columns": _ONE.replace(
        "models:\n", "x: &key\n  name: shop\n  data_tests: [unique]\nmodels:\n"
    ).replace(
        "    config:\n", "    columns:\n      - <<: *key\n        meta: {a: 1}\n    config:\n"
    ),
    "no versions yet": f"{_ONE}    versions:\n",
    "no end of the last line": _ONE.rstrip(),
}
_KEYS = ("shop", "sh: op", "shop #1", "über")


def completed(content: str) -> str:
    """Return a file with its feature views completed."""
    return completed_with(content, _types)


def _types(view: View, version: Version) -> dict[str, str]:
    windows = version.declaration["windows"]
    return {
        **dict.fromkeys(version.declaration["entity"], "varchar"),
        "feature_time": "timestamp",
        **{f"sales_{window}": "bigint" for window in windows},
        "known_at": "timestamp",
    }


def kept(before: Any, after: Any, path: str = "") -> list[str]:
    """Return what a text had and lacks after it was completed, but for what is completed."""
    if isinstance(before, dict) and isinstance(after, dict):
        found = []
        for key, value in before.items():
            if key in ("columns", "config", "versions", "snapshots") and not value:
                continue
            if key == "columns" and "versions" in after and key not in after:
                lists = [version["columns"] for version in after["versions"]]
                found += [one for own in lists for one in kept(value, own, f"{path}.{key}")]
            elif key not in after:
                found.append(f"{path}.{key}")
            else:
                found += kept(value, after[key], f"{path}.{key}")
        return found
    if isinstance(before, list) and isinstance(after, list):
        names = [one.get("name", one.get("v")) if isinstance(one, dict) else one for one in after]
        found = []
        for one in before:
            name = one.get("name", one.get("v")) if isinstance(one, dict) else one
            if name not in names:
                found.append(f"{path}.{name}")
            else:
                found += kept(one, after[names.index(name)], f"{path}.{name}")
        return found
    return [] if before == after else [f"{path}: {before!r}, now {after!r}"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_person_wrote_stays(layout: str) -> None:
    before = LAYOUTS[layout]
    after = completed(before)
    data = yaml.safe_load(after)
    lost = kept(yaml.safe_load(before), data)
    assert lost == [] or all(".feature_view" in one and ".online_" in one for one in lost)
    assert completed(after) == after
    for line in before.splitlines():
        if "#" in line and '"' not in line:
            comment = line[line.index("#") :]
            assert comment in after, "a comment is lost"
    # Each of the models and snapshots is complete.
    for model in data["models"]:
        if model["name"] != "other":
            lists = [model.get("columns"), *(v.get("columns") for v in model.get("versions", []))]
            assert all(
                {"name", "data_type", "description"} <= {*one} for c in lists if c for one in c
            )
            assert any(lists)
    assert ("\r\n" in after) == ("\r\n" in before)
    assert "\r\r" not in after


@pytest.mark.parametrize(
    "change",
    [
        ("    columns:\n", "    columns: [  # ours\n    {name: shop}]\n    x:\n"),
        (
            "      - v: 2\n        config: {meta",
            "      - {v: 2, config: {meta",
        ),
    ],
)
def test_a_layout_that_cannot_be_edited_is_refused(change: tuple[str, str]) -> None:
    text = _VERSIONS.replace(*change)
    if "{v: 2" in text:
        text = text.rstrip() + "}\n"
    yaml.safe_load(text)
    with raises("models/shop.yml, line", "not one that can be edited", "nothing was changed"):
        completed(text)


def test_columns_that_include_those_of_the_model_are_refused() -> None:
    text = _VERSIONS + "        columns: [{include: all, exclude: [sales_9d]}]\n"
    with raises("include those of the model", "remove columns from the version"):
        completed(text)


def test_a_declaration_with_an_alias_that_has_no_anchor() -> None:
    text = _ONE.replace(
        "          entity: [shop]\n", "          <<: *gone\n          entity: [shop]\n"
    )
    with raises("line 6: the alias *gone has no anchor &gone", "write here what &gone held"):
        completed(text)


def test_a_window_in_a_description_without_one() -> None:
    text = _ONE + "          derived: {share: {sql: '1', description: 'Of {window}'}}\n"
    with raises("the description of share has {window} in it"):
        completed(text.replace("          online: {ttl: 30d}\n", ""))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("    config:\n", "    config: &c\n"), ""),
        (("    config:\n", "    columns: *cols\n    config:\n"), "columns has the alias *cols"),
        (("    config:\n", "    columns: [*col]\n    config:\n"), "not one that can be edited"),
        (
            ("    config:\n      meta:\n", "    config:\n      <<: *meta\n      x:\n"),
            "comes by a merge",
        ),
    ],
)
def test_what_stands_for_something_else_too_is_not_edited(
    change: tuple[str, str], said: str
) -> None:
    others = (
        "x:\n  cols: &cols\n    - &col {name: shop}\n"
        f"  meta: &meta {{meta: {{feature_view: {_FLOW}}}}}}}\n"
    )
    text = others + _ONE.replace(*change)
    if said:
        with raises("models/shop.yml, line", said):
            completed(text)
    else:
        assert "config: &c\n" in completed(text)


def test_columns_of_an_online_view_by_hand_are_not_lost() -> None:
    text = _ONE + _ONLINE_BY_HAND.replace(
        "name: sales_7d", "name: sales_7d\n      data_tests: [unique]"
    )
    with raises("the online view has columns of its own", "move what was written there"):
        completed(text)


def test_two_documents_are_refused() -> None:
    with raises("there are two documents in it"):
        completed(f"{_ONE}---\n{_ONE}")


def test_a_comment_stays_with_what_it_ends() -> None:
    text = completed(LAYOUTS["a comment that ends an aggregate"])
    assert "            sales: count(*)\n            # refunds: sum(refund)\n    data_tests" in text


def test_empty_says_nothing_of_nulls_in_the_column() -> None:
    """A sum over events without an amount is null, whatever ``empty`` is."""
    text = _ONE.replace("sales: count(*)", "sales: {sql: sum(amount), empty: 0}")
    for complete in (frozenset(["price"]), frozenset(["amount"])):
        model = yaml.safe_load(completed_with(text, _types, complete=complete))["models"][0]
        [column] = [one for one in model["columns"] if one["name"] == "sales_7d"]
        assert ("constraints" in column) == ("amount" in complete)


@pytest.mark.parametrize(
    ("sql", "is_never_null"),
    [
        ("sum(amount)", True),
        ('max( "Amount" ) filter (where amount > 1)', True),
        ("sum(amount + other)", False),
        ("sum(amount) + 1", False),
        ("stddev_samp(amount)", False),
        ("count(other)", True),
    ],
)
def test_aggregates_that_are_never_null(sql: str, is_never_null: bool) -> None:
    declaration = {"aggregates": {"a": {"sql": sql, "empty": 0}}, "windows": ["1d"]}
    [column] = features_of(declaration, frozenset(["amount"]))
    assert column.not_null == is_never_null


def test_columns_added_changed_and_removed_at_once() -> None:
    before = completed(_ONE)
    text = before.replace("windows: [7d]", "windows: [1d, 7d, 9d]")
    text = text.replace(
        "sales: count(*)", "sales: {sql: sum(x), description: Sold}\n            first: min(x)"
    )
    text = text.replace(
        "      - {name: sales_7d",
        "      # A note.\n      - {name: gone, meta: {}}\n      - {name: sales_7d",
    )

    def types(view: View, version: Version) -> dict[str, str]:
        names = [f"{name}_{days}" for name in ("sales", "first") for days in ("1d", "7d", "9d")]
        return {
            "shop": "varchar",
            "feature_time": "timestamp",
            **dict.fromkeys(names, "double"),
            "known_at": "timestamp",
        }

    after = completed_with(text, types)
    columns = yaml.safe_load(after)["models"][0]["columns"]
    assert [one["name"] for one in columns] == [*types(None, None)]
    [changed] = [one for one in columns if one["name"] == "sales_7d"]
    assert changed == {
        "name": "sales_7d",
        "data_type": "double",
        "description": "Sold in the 7 days before feature_time.",
    }
    assert "# A note." in after
    assert completed_with(after, types) == after
    back = completed(
        after.replace(
            text[text.index("          windows") : text.index("          online")],
            before[before.index("          windows") : before.index("          online")],
        )
    )
    assert back.replace("      # A note.\n", "") == before


@pytest.mark.parametrize(
    ("view", "other"),
    [
        ("config: &c\n", "config: *c\n"),
        ("config:\n      meta: &m\n", "config:\n      meta: *m\n"),
        ("data_tests: &t [unique: {column_name: known_at}]\n    config:\n", "data_tests: *t\n"),
        ("columns: &k\n      - name: shop\n    config:\n", "columns: *k\n"),
    ],
)
@pytest.mark.parametrize("name", ["report", "online_sales_of_shop_v1"])
def test_what_another_model_shares_is_not_edited(view: str, other: str, name: str) -> None:
    text = _ONE.replace("config:\n      meta:\n" if "meta" in view else "config:\n", view, 1)
    text += f"  - name: {name}\n    {other}"
    if "columns" in other and name != "report":
        assert "columns: *k" in completed(text)
        return
    with raises("models/shop.yml, line", "belongs to something else too"):
        completed(text)
