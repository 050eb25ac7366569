"""Tests of YAML that cannot be completed: it is refused, and the error says how to write it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from feature_store.authoring.project_files import read_project
from support.completed import DECLARATION, ONE_VIEW, ONLINE_BY_HAND, TWO_VERSIONS, completed
from support.errors import raises

pytestmark = pytest.mark.unit


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
    text = TWO_VERSIONS.replace(*change)
    if "{v: 2" in text:
        text = text.rstrip() + "}\n"
    yaml.safe_load(text)
    with raises("models/shop.yml, line", "not one that can be edited", "nothing was changed"):
        completed(text)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("v: '1 x'", "the version '1 x'"),
        ("v: 2026-01-01", "the version '2026-01-01'"),
        ("v:", "the version None"),
        ("v: null", "the version 'null'"),
        ("v: true", "the version 'true'"),
        ("v: -1", "the version '-1'"),
        ("v: .inf", "the version '.inf'"),
        ("v: [1]", "the version [1]"),
        ("v: ''", "the version ''"),
        ("v: a/b", "the version 'a/b'"),
        ("description: none", "a version without v"),
    ],
)
def test_a_version_that_is_no_part_of_names(version: str, said: str) -> None:
    with raises(
        f"models/shop.yml, line 14: sales_of_shop has {said}\n",
        "Allowed: a number such as v: 2, or a text",
        "nothing was changed",
    ):
        completed(f"{ONE_VIEW}    versions:\n      - {version}\n")


def test_versions_of_two_kinds() -> None:
    text = completed(f"{ONE_VIEW}    versions: [{{v: a}}, {{v: 1.5}}, {{v: 2}}]\n")
    assert "latest_version: 2\n" in text


@pytest.mark.parametrize("key", ["model-paths", "snapshot-paths"])
@pytest.mark.parametrize("value", ["snaps", "[1]", "{a: b}"])
def test_paths_that_are_no_list(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / "dbt_project.yml").write_text(f"name: shop\n{key}: {value}\n")
    with raises(f"dbt_project.yml: {key} is ", f"Allowed: a list of folders, such as {key}: ["):
        read_project(tmp_path)


def test_columns_that_include_those_of_the_model_are_refused() -> None:
    text = TWO_VERSIONS + "        columns: [{include: all, exclude: [sales_9d]}]\n"
    with raises("include those of the model", "remove columns from the version"):
        completed(text)


def test_a_declaration_with_an_alias_that_has_no_anchor() -> None:
    text = ONE_VIEW.replace(
        "          entity: [shop]\n", "          <<: *gone\n          entity: [shop]\n"
    )
    with raises("line 6: the alias *gone has no anchor &gone", "write here what &gone held"):
        completed(text)


def test_a_window_in_a_description_without_one() -> None:
    text = ONE_VIEW + "          derived: {share: {sql: '1', description: 'Of {window}'}}\n"
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
        f"  meta: &meta {{meta: {{feature_view: {DECLARATION}}}}}}}\n"
    )
    text = others + ONE_VIEW.replace(*change)
    if said:
        with raises("models/shop.yml, line", said):
            completed(text)
    else:
        assert "config: &c\n" in completed(text)


def test_columns_of_an_online_view_by_hand_are_not_lost() -> None:
    text = ONE_VIEW + ONLINE_BY_HAND.replace(
        "name: sales_7d", "name: sales_7d\n      data_tests: [unique]"
    )
    with raises("the online view has columns of its own", "move what was written there"):
        completed(text)


def test_two_documents_are_refused() -> None:
    with raises("there are two documents in it"):
        completed(f"{ONE_VIEW}---\n{ONE_VIEW}")


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
    text = ONE_VIEW.replace("config:\n      meta:\n" if "meta" in view else "config:\n", view, 1)
    text += f"  - name: {name}\n    {other}"
    if "columns" in other and name != "report":
        assert "columns: *k" in completed(text)
        return
    with raises("models/shop.yml, line", "belongs to something else too"):
        completed(text)
