"""What counts as left behind by a removed view, and what is a person's: neither dbt is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from feature_store.authoring.leftovers import check_readers, leftovers, without
from feature_store.authoring.project_files import Project, read_project
from feature_store.authoring.views import views_of
from support.completed import ONE_VIEW, completed
from support.errors import raises

pytestmark = pytest.mark.unit

ONLINE_SQL = (
    "{{ feature_store.online_features(ref('sales_of_shop'), ref('sales'), "
    "feature_store.feature_view()) }}\n"
)
WINDOWED_SQL = "{{ feature_store.windowed_features(ref('sales'), feature_store.feature_view()) }}\n"


def project_of(folder: Path, files: dict[str, str]) -> Project:
    """Write the files of a project, and read it."""
    for name, text in {"dbt_project.yml": "name: shop\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return read_project(folder)


def found_in(project: Project) -> list[str]:
    """Return what was left behind, as the command names it."""
    return [one.label(project) for one in leftovers(project, views_of(project))]


def made() -> tuple[str, str]:
    """Return the YAML of a view and of its snapshot as the command writes them."""
    snapshots: dict[str, str] = {}
    return completed(ONE_VIEW, snapshots=snapshots), snapshots["served_sales_of_shop_v1"]


@pytest.mark.parametrize("name", ["shop", "shop_v2", "sales_of_shop_v1", "shop_v_all"])
@pytest.mark.parametrize("is_generated_shape", [False, True])
def test_a_snapshot_of_a_model_by_hand(tmp_path: Path, name: str, is_generated_shape: bool) -> None:
    """No view of its name was ever there; its model is a person's own SQL."""
    snapshot = made()[1].replace("sales_of_shop_v1", name)
    if not is_generated_shape:
        snapshot = (
            f"snapshots:\n  - name: served_{name}\n    relation: ref('online_{name}')\n"
            "    config: {strategy: check, check_cols: all, unique_key: shop}\n"
        )
    files = {f"models/online_{name}.sql": "select 1 as shop", "snapshots/shop.yml": snapshot}
    assert found_in(project_of(tmp_path, files)) == []


def test_a_snapshot_that_was_changed_is_not_removed(tmp_path: Path) -> None:
    snapshot = made()[1].replace("hard_deletes: invalidate", "hard_deletes: ignore")
    project = project_of(tmp_path, {"snapshots/served.yml": snapshot})
    assert found_in(project) == []
    files = {"models/online_sales_of_shop_v1.sql": ONLINE_SQL}
    project = project_of(tmp_path, files)
    found = leftovers(project, views_of(project))
    assert [one.label(project) for one in found] == [*files]
    with raises(
        "snapshots/served.yml: the snapshot served_sales_of_shop_v1 reads online_sales_of_shop_v1",
        "nothing was changed",
    ):
        check_readers(project, found)


def test_a_view_of_its_own_whose_name_begins_as_an_online_view(tmp_path: Path) -> None:
    name = "online_sales_of_shop_value_daily"
    by_hand = ONE_VIEW.replace("sales_of_shop", name).replace("          online: {ttl: 30d}\n", "")
    project = project_of(
        tmp_path,
        {
            "models/shop.yml": made()[0],
            "models/served_sales_of_shop_v1.yml": made()[1],
            "models/sales_of_shop_v1.sql": WINDOWED_SQL,
            "models/online_sales_of_shop_v1.sql": ONLINE_SQL,
            "models/daily.yml": by_hand,
            f"models/{name}.sql": "select * from {{ ref('sales') }}",
        },
    )
    assert found_in(project) == []
    assert [view.name for view in views_of(project)] == [name, "sales_of_shop"]


def test_a_view_of_its_own_that_shares_a_declaration(tmp_path: Path) -> None:
    name = "online_sales_of_shop_value_daily"
    shared = f"  - name: {name}\n    config: {{meta: {{feature_view: *sales_of_shop_v1}}}}\n"
    project = project_of(tmp_path, {"models/shop.yml": made()[0] + shared})
    assert found_in(project) == []
    assert name in [view.name for view in views_of(project)]


def test_an_online_view_of_another_name_is_a_persons(tmp_path: Path) -> None:
    config = "{meta: {feature_view: {entity: [shop]}}}"
    entry = f"models:\n  - name: latest_sales\n    config: {config}\n"
    files = {"models/latest_sales.sql": ONLINE_SQL, "models/latest.yml": entry}
    assert found_in(project_of(tmp_path, files)) == []


def test_all_that_the_command_wrote_is_left_behind(tmp_path: Path) -> None:
    view, snapshot = made()
    number = view.replace("sales_of_shop_v1", "sales_of_shop_v2024_1").replace("v: 1", "v: 2024_1")
    kept = number.split("  - name: online_")[0]
    entry = view[view.index("  - name: online_") :].replace("*sales_of_shop_columns", "[]")
    files = {
        "models/shop.yml": kept + entry.replace("*sales_of_shop_v1", "*sales_of_shop_v2024_1"),
        "models/sales_of_shop_v1.sql": WINDOWED_SQL,
        "models/online_sales_of_shop_v1.sql": ONLINE_SQL,
        "models/served_sales_of_shop_v1.yml": snapshot,
    }
    found = found_in(project_of(tmp_path, files))
    assert sorted(found) == [
        "models/online_sales_of_shop_v1.sql",
        "models/sales_of_shop_v1.sql",
        "models/served_sales_of_shop_v1.yml: served_sales_of_shop_v1 in snapshots",
        "models/shop.yml: online_sales_of_shop_v1 in models",
    ]
    # Without its SQL, the entry is still told by the alias of its declaration.
    (tmp_path / "models/online_sales_of_shop_v1.sql").unlink()
    assert "models/shop.yml: online_sales_of_shop_v1 in models" in found_in(read_project(tmp_path))


def test_comments_of_a_removed_snapshot_stay_or_are_named(tmp_path: Path) -> None:
    path = "models/served_sales_of_shop_v1.yml"
    text = made()[1].replace("    relation:", "    # why we keep it\n    relation:")
    project = project_of(tmp_path, {path: f"# kept for the audit\n{text}"})
    files, notes = without(project, leftovers(project, views_of(project)))
    assert files == {tmp_path / path: "# kept for the audit\n"}
    [note] = notes
    assert path in note
    assert note.endswith("its comments go with it: # why we keep it")
    project = project_of(tmp_path, {path: text.replace("    # why we keep it\n", "")})
    assert without(project, leftovers(project, views_of(project))) == ({tmp_path / path: None}, [])
