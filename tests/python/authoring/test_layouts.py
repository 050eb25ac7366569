"""The layouts of YAML in which people write: what they wrote stays, a second run changes nothing.

Neither dbt nor a warehouse is asked: the types of the columns are given.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from feature_store.authoring.views import Version, View
from support.completed import (
    ONE_VIEW,
    ONLINE_BY_HAND,
    TWO_VERSIONS,
    completed,
)

pytestmark = pytest.mark.unit

LAYOUTS = {
    "plain": ONE_VIEW,
    "columns in brackets, below a folded text with a dash": ONE_VIEW.replace(
        "    config:\n",
        "    description: >-\n      One row\n      per-day\n"
        "    columns: [{name: shop}, {name: sales_7d, description: mine}]\n    config:\n",
    ),
    "a comment behind the dash": ONE_VIEW.replace(
        "  - name: sales", "  - # the by-shop view\n    name: sales"
    ),
    "a lone dash": ONE_VIEW.replace(
        "  - name: sales", "  -\n\n    # the by-shop view\n    name: sales"
    ),
    "no indentation": "\n".join(
        line.removeprefix("  ") if line != "models:" else line for line in ONE_VIEW.split("\n")
    ),
    "four spaces": "\n".join(
        f"{' ' * (2 * indent - 2 if indent > 2 else 2 * indent)}{line.strip()}"
        for line in ONE_VIEW.split("\n")
        for indent in [len(line) - len(line.lstrip())]
    ),
    "a number as the version": f"{ONE_VIEW}    versions:\n      - v: 3\n",
    "a decimal number as the version": f"{ONE_VIEW}    versions:\n      - v: 1.5\n",
    "a text as the version": f"{ONE_VIEW}    versions:\n      - v: '2024.1'\n",
    "a text with a dash as the version": f"{ONE_VIEW}    versions:\n      - v: '2024-01'\n",
    "versions in braces": f"{ONE_VIEW}    versions: [{{v: 1}}, {{v: 2}}]\n",
    "no snapshots": f"{ONE_VIEW}\nsnapshots: []\n",
    "empty snapshots": f"{ONE_VIEW}snapshots:\n",
    "a snapshot of ours": (
        f"{ONE_VIEW}snapshots:\n- name: served_meals_v1\n  relation: ref('meals')  # ours\n"
    ),
    "an online view by hand": ONE_VIEW + ONLINE_BY_HAND,
    "an online view by hand, its lists as far left as their keys": ONE_VIEW
    + ONLINE_BY_HAND.replace("    - name", "    - name"),
    "versions that declare": TWO_VERSIONS,
    "versions that declare, an empty config": TWO_VERSIONS.replace("config: {}", "config:"),
    "versions that declare, columns in brackets": TWO_VERSIONS.replace(
        TWO_VERSIONS[TWO_VERSIONS.index("    columns:") : TWO_VERSIONS.index("    versions:")],
        "    columns: [{name: shop, description: mine, meta: {since: 2024-01-01}}]\n",
    ),
    "a number as a description": ONE_VIEW.replace(
        "    config:\n", "    columns:\n      - name: shop\n        description: 42\n    config:\n"
    ),
    "keys of other kinds": ONE_VIEW.replace("[shop]", "['sh: op', \"shop #1\", 'über']"),
    "a key below": ONE_VIEW.replace("[shop]", "\n          - shop\n          # and nothing else"),
    "other things around": "# top\nversion: 2\n\nsources:\n  - name: x\n\n"
    + ONE_VIEW
    + "\n  # between\n\n  - name: other\n    columns: []\n\nexposures: []\n# end",
    "tests of ours": ONE_VIEW.replace(
        "    config:\n",
        "    tests:\n    - unique_combination:  # ours\n        a: [b]\n    config:\n",
    ),
    "a document's mark": f"---\n{ONE_VIEW}",
    "windows line ends": ONE_VIEW.replace("\n", "\r\n"),
    "a comment that ends an aggregate": ONE_VIEW.replace(
        "          online: {ttl: 30d}\n", "            # refunds: sum(refund)\n"
    ).replace("          aggregates:", "          online: {ttl: 30d}\n          aggregates:"),
    "comments at the end": f"{ONE_VIEW}            # after online\n\n    # at the end of it\n",
    "an empty line below the record": completed(ONE_VIEW).replace(
        "\n      - {name: shop", "\n\n      - {name: shop", 1
    ),
    "a key by a merge in columns": ONE_VIEW.replace(
        "models:\n", "x: &key\n  name: shop\n  data_tests: [unique]\nmodels:\n"
    ).replace(
        "    config:\n", "    columns:\n      - <<: *key\n        meta: {a: 1}\n    config:\n"
    ),
    "no versions yet": f"{ONE_VIEW}    versions:\n",
    "no end of the last line": ONE_VIEW.rstrip(),
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


def test_a_comment_stays_with_what_it_ends() -> None:
    text = completed(LAYOUTS["a comment that ends an aggregate"])
    assert "            sales: count(*)\n            # refunds: sum(refund)\n    data_tests" in text


def test_columns_added_changed_and_removed_at_once() -> None:
    before = completed(ONE_VIEW)
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

    after = completed(text, types)
    columns = yaml.safe_load(after)["models"][0]["columns"]
    assert [one["name"] for one in columns] == [*types(None, None)]
    [changed] = [one for one in columns if one["name"] == "sales_7d"]
    assert changed == {
        "name": "sales_7d",
        "data_type": "double",
        "description": "Sold in the 7 days before feature_time.",
    }
    assert "# A note." in after
    assert completed(after, types) == after
    back = completed(
        after.replace(
            text[text.index("          windows") : text.index("          online")],
            before[before.index("          windows") : before.index("          online")],
        )
    )
    assert back.replace("      # A note.\n", "") == before
