"""The command that completes feature views: errors, leftovers, exit codes, and starting a view."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feature_store.authoring.new_view import new_view
from feature_store.files import write_all
from support.errors import message_of, raises
from support.projects.zoo_project import SMALLEST, ZooProject

pytestmark = pytest.mark.slow

FILE = "models/farm/animals.yml"


@pytest.fixture
def done(zoo: ZooProject) -> ZooProject:
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    return zoo


def test_check_changes_nothing_and_says_what_is_out_of_date(done: ZooProject) -> None:
    assert done.command("--check").returncode == 0
    done.replace(FILE, "[7d, 28d]", "[7d]")
    before = done.files()
    ended = done.command("--check")
    assert ended.returncode == 1
    assert ended.stdout.strip() == f"{FILE}: out of date"
    assert "1 file is not what the declarations make" in ended.stderr
    assert "Next: feature-store build-views" in ended.stderr
    assert done.files() == before
    assert done.command().stdout.strip() == f"{FILE}: updated"
    assert done.command().stdout.strip() == "1 feature view is up to date"


def test_a_removed_view_is_named_with_what_it_leaves_behind(done: ZooProject) -> None:
    (done.folder / FILE).unlink()
    differences = (
        "{% set served_views = [\n    ('animal_visits', 1, ['animal_id']),\n] %}\n"
        "{% for name, version, entity in served_views %}{{ served_differences() }}{% endfor %}"
    )
    done.write("models/differences.sql", differences)
    before = done.files()
    with raises(
        "no YAML declares animal_visits_v1 any more",
        "  - models/farm/animal_visits_v1.sql",
        "  - models/farm/online_animal_visits_v1.sql",
        "models/differences.sql: ('animal_visits', 1, ['animal_id']) in the list",
        "--remove",
    ):
        done.complete()
    assert done.files() == before
    result = done.complete(remove=True)
    assert "animal_visits_v1: its tables stay in the warehouse" in result.notes[0]
    assert sorted(done.files()) == [
        "models/differences.sql",
        "models/sources.yml",
        "models/visits.sql",
    ]
    assert "animal_visits" not in done.read("models/differences.sql")
    assert done.complete().changes == []


def test_a_removed_version_is_named_and_the_list_of_served_views_is_kept(done: ZooProject) -> None:
    list_of_views = "{% set served_views = [\n] %}\n{#- served_differences( -#}select 1 as a"
    done.write("models/differences.sql", list_of_views)
    done.replace(FILE, "      - v: 1\n", "      - v: 1\n      - v: 2\n")
    done.complete()
    assert "    ('animal_visits', 2, ['animal_id']),\n" in done.read("models/differences.sql")
    done.replace(FILE, "      - v: 2\n", "")
    with raises(
        "animal_visits_v2", "served_animal_visits_v2 in snapshots", "online_animal_visits_v2"
    ):
        done.complete()
    done.complete(remove=True)
    assert "_v2" not in done.read(FILE)
    assert done.read("models/differences.sql").count("animal_visits") == 1
    assert done.complete(check=True).changes == []
    done.dbt.parse()


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("windows: [7d", "windows: [7d}", ("line 9: is not YAML",)),
        (
            "          online:",
            "          windows: [1d]\n          online:",
            ("'windows' is there twice",),
        ),
        ("sql: count(*)", "sqll: count(*)", ("unknown key sqll", "sql is missing")),
        ("windows: [7d, 28d]", "windows: [7 days]", ("windows", "7 days")),
        ("ref('visits')", "ref('visitz')", ("visitz",)),
        ("events: ref('visits')", "events: select 1", ("allowed", "Next")),
        ("          events: ref('visits')\n", "", ("events is missing", "ref('orders')")),
        ("entity: [animal_id]", "entity: animal_id", ("line 6", "[customer_id]")),
        ("min: 0}", "min: 0, mean: [1, 2]}", ("dbt_expectations", "packages.yml")),
    ],
)
def test_a_wrong_file_is_an_error_and_nothing_is_written(
    zoo: ZooProject, old: str, new: str, parts: tuple[str, ...]
) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.replace(FILE, old, new)
    before = zoo.files()
    with pytest.raises(Exception, match="Next: ") as caught:
        zoo.complete()
    for part in parts:
        assert part.lower() in str(caught.value).lower()
    assert "macro" not in str(caught.value)
    assert zoo.files() == before


def test_a_missing_table_and_a_missing_warehouse_name_the_next_step(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST.replace("ref('visits')", "ref('later')"))
    zoo.write("models/later.sql", "select * from {{ ref('visits') }}")
    with raises(
        'reads later, and "main"."later" is not in the warehouse', "Next: dbt build -s +later"
    ):
        zoo.complete()
    (zoo.folder / "data/zoo.duckdb").unlink()
    with raises("there is no warehouse yet", "Next: dbt build -s +later"):
        zoo.complete()


def test_an_error_of_dbt_names_the_project_and_not_its_copy(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.write("dbt_project.yml", "name: zoo\nprofile: zoo\nseed-paths: 3\n")
    said = message_of(zoo.complete)
    assert f"in {zoo.folder}/dbt_project.yml" in said
    assert "draft_" not in said


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    first, folder = tmp_path / "first.yml", tmp_path / "file"
    first.write_text("old")
    folder.write_text("no folder")
    with raises("cannot be written", "nothing was changed"):
        write_all({first: "new", folder / "second.sql": "new"}, str)
    assert first.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["file", "first.yml"]


def test_a_new_view_is_written_from_the_columns_of_its_events(zoo: ZooProject) -> None:
    ended = zoo.command("--new", "keeper_visits", "--entity", "keeper", "--events", "visits")
    assert ended.returncode == 0, ended.stderr
    text = zoo.read("models/features/keeper_visits.yml")
    assert len(text.splitlines()) <= 13
    assert "event_time: visited_at" in text
    assert "minutes: {sql: sum(minutes), empty: 0" in text
    assert zoo.complete().views == 1
    zoo.dbt.build()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("1x", ["animal_id"], "visits"), ("lower case letters",)),
        (("a_v2", ["animal_id"], "visits"), ("no version at the end",)),
        (("visits", ["animal_id"], "visits"), ("there is a model with this name",)),
        (("a", ["animal"], "visits"), ("no column 'animal'", "animal_id")),
        (("a", ["animal_id"], "visit"), ("no such model", "near names: visits")),
        (("a", ["animal_id"], "visits", "visited"), ("no column 'visited'", "visited_at")),
    ],
)
def test_a_new_view_that_cannot_be_is_refused(
    zoo: ZooProject, arguments: tuple, parts: tuple[str, ...]
) -> None:
    before = zoo.files()
    with raises(*parts):
        new_view(*arguments, project_dir=zoo.folder)
    assert zoo.files() == before


def test_models_in_the_root_of_the_project_are_written_there_alone(zoo: ZooProject) -> None:
    zoo.write("dbt_project.yml", 'name: zoo\nprofile: zoo\nmodel-paths: ["."]\n')
    zoo.write("dbt_project.yml", zoo.read("dbt_project.yml") + "macro-paths: [no_macros]\n")
    zoo.write("animals.yml", SMALLEST)
    assert sorted(zoo.complete().changes)[0] == "animal_visits_v1.sql: new"
    assert zoo.complete(check=True).changes == []
    assert "columns: &animal_visits_columns" in zoo.read("animals.yml")
