"""Tests of what the command removes, and of files and entries that it must leave alone."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from support.errors import raises
from support.projects.zoo_project import SMALLEST, ZooProject

pytestmark = pytest.mark.slow

FILE = "models/farm/animals.yml"
_DECLARED = SMALLEST[SMALLEST.index("      meta:") :]


def _two_versions() -> str:
    """Return a view with two versions, each with a declaration of its own."""
    declared = "".join(f"    {line}\n" for line in _DECLARED.splitlines())
    first = f"      - v: 1\n        config:\n{declared}"
    second = first.replace("v: 1", "v: 2").replace("[7d, 28d]", "[7d]")
    return f"models:\n  - name: animal_visits\n    versions:\n{first}{second}"


def test_a_removed_version_with_a_declaration_of_its_own(zoo: ZooProject) -> None:
    zoo.write(FILE, _two_versions())
    zoo.complete()
    text = zoo.read(FILE)
    start, end = text.index("      - v: 1\n"), text.index("      - v: 2\n")
    zoo.write(FILE, text[:start] + text[end:])
    with raises(
        "no YAML declares animal_visits_v1", "online_animal_visits_v1 in models", "served_"
    ):
        zoo.complete()
    with raises("--check changes nothing, and --remove removes files"):
        zoo.complete(check=True, remove=True)
    zoo.complete(remove=True)
    assert not [name for name in zoo.files() if "_v1" in name]
    names = [one["name"] for one in yaml.safe_load(zoo.read(FILE))["models"]]
    assert names == ["animal_visits", "online_animal_visits_v2"]
    assert zoo.complete(check=True).changes == []


def test_nothing_is_removed_where_the_rest_fails(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    (zoo.folder / FILE).unlink()
    zoo.write("models/bad.yml", SMALLEST.replace("animal_", "bad_").replace("count(*)", "sume(1)"))
    before = zoo.files()
    with raises("no function sume"):
        zoo.complete(remove=True)
    assert zoo.files() == before


def test_a_snapshot_of_something_else_is_not_left_behind(zoo: ZooProject) -> None:
    meals = (
        "snapshots:\n  - name: served_meals_v2\n    relation: ref('visits')\n"
        "    config: {strategy: check, check_cols: all, unique_key: animal_id}\n"
    )
    zoo.write("models/meals.yml", meals)
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    zoo.complete(remove=True)
    assert zoo.read("models/meals.yml") == meals


def test_sql_with_more_than_the_call(zoo: ZooProject) -> None:
    """What the call reads follows from the declaration, where there is one call."""
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    line = zoo.read("models/farm/animal_visits_v1.sql").strip()
    zoo.write("models/farm/animal_visits_v1.sql", "-- ours\n{{ config(tags=['a']) }}\n" + line)
    zoo.replace(FILE, "ref('visits')", "source('gate', 'entries')")
    zoo.complete()
    assert zoo.read("models/farm/animal_visits_v1.sql") == (
        "-- ours\n{{ config(tags=['a']) }}\n"
        + line.replace("ref('visits')", "source('gate', 'entries')")
    )
    both = f"select * from ({line})\nunion all\nselect * from ({line})\n"
    zoo.write("models/farm/animal_visits_v1.sql", both)
    zoo.replace(FILE, "source('gate', 'entries')", "ref('visits')")
    zoo.complete()
    assert zoo.read("models/farm/animal_visits_v1.sql") == both


def test_a_version_that_is_defined_elsewhere(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST + "    versions:\n      - v: 1\n        defined_in: our_visits\n")
    zoo.complete()
    assert "windowed_features(" in zoo.read("models/farm/our_visits.sql")
    assert "models/farm/animal_visits_v1.sql" not in zoo.files()
    zoo.dbt.build()
    assert zoo.complete(check=True).changes == []


def test_an_online_view_in_another_file(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.write("models/o.yml", "models:\n  - name: online_animal_visits_v1\n    description: ours\n")
    with raises("models/o.yml: online_animal_visits_v1 is described there", f"into {FILE}"):
        zoo.complete()


def test_a_declaration_that_is_not_online_any_more(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    zoo.replace(FILE, "          online: {ttl: 60d}\n", "")
    [note] = zoo.complete().notes
    assert "online_animal_visits_v1 is there and stays served" in note


@pytest.mark.parametrize("edited", ["description: Visits", "description: One row per animal"])
def test_dbt_parses_after_an_edit(zoo: ZooProject, edited: str) -> None:
    """Dbt's partial parsing finds the version of a view whose YAML was edited."""
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    for text in (edited, f"{edited} 2"):
        zoo.replace(FILE, text, f"{edited} 2" if text == edited else edited)
        done = subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", "parse"],
            cwd=zoo.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    assert "Unable to do partial parsing" not in done.stdout


def test_disabled_models_and_tests(zoo: ZooProject) -> None:
    zoo.write("models/unused.sql", "select 1 as a")
    zoo.write(
        "models/unused.yml",
        "models:\n  - name: unused\n    config: {enabled: false}\n  - name: visits\n    columns:\n"
        "      - name: price\n        data_tests: [not_null: {config: {enabled: false}}]\n",
    )
    zoo.write(FILE, SMALLEST.replace("count(*)", "sum(price), empty: 0"))
    zoo.complete()
    assert "constraints" not in zoo.read(FILE).split("- {name: visits_7d", 1)[1].split("}")[0]
    zoo.dbt.build()


def test_a_file_of_ours_in_the_place_of_a_snapshot(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.write("models/farm/served_animal_visits_v1.yml", "# ours\nexposures: []\n")
    before = zoo.files()
    with raises("served_animal_visits_v1.yml: is there already, without the snapshot"):
        zoo.complete()
    assert zoo.files() == before


def test_an_anchor_below_its_alias(zoo: ZooProject) -> None:
    online = "models:\n  - name: online_animal_visits_v1\n    config: {meta: {feature_view: {}}}\n"
    zoo.write(FILE, online + SMALLEST.removeprefix("models:\n"))
    before = zoo.files()
    with raises("what was written by hand cannot be completed", "anchors above their aliases"):
        zoo.complete()
    assert zoo.files() == before


def test_a_snapshot_that_was_moved_to_the_folder_of_snapshots(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    name = "served_animal_visits_v1.yml"
    zoo.write(f"snapshots/{name}", zoo.read(f"models/farm/{name}"))
    (zoo.folder / f"models/farm/{name}").unlink()
    assert zoo.complete().changes == []
    (zoo.folder / FILE).unlink()
    with raises("no YAML declares animal_visits_v1", f"snapshots/{name}"):
        zoo.complete()
    zoo.complete(remove=True)
    assert not (zoo.folder / f"snapshots/{name}").exists()


def test_a_snapshot_beside_its_view(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    snapshot = zoo.folder / "models/farm/served_animal_visits_v1.yml"
    zoo.write(FILE, zoo.read(FILE) + snapshot.read_text())
    snapshot.unlink()
    result = zoo.complete()
    assert result.changes == []
    [note] = result.notes
    assert "partial parsing fails after an edit; move it to models/farm/served_" in note


def test_versions_with_underscores(zoo: ZooProject) -> None:
    zoo.write(FILE, f"{SMALLEST}    versions:\n      - v: '2024_1'\n")
    zoo.complete()
    assert zoo.complete(check=True).changes == []
    (zoo.folder / FILE).unlink()
    with raises("animal_visits_v2024_1", "models/farm/served_animal_visits_v2024_1.yml"):
        zoo.complete()
    zoo.complete(remove=True)
    assert not [name for name in zoo.files() if "animal" in name]


def test_two_commands_at_once_wait_for_each_other(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    zoo.complete()
    with ThreadPoolExecutor() as pool:
        both = [*pool.map(lambda _: zoo.command("--check"), range(2))]
    assert [done.returncode for done in both] == [0, 0], both
