"""Completing feature views in a team's own project: what is written, and what stays by hand."""

from __future__ import annotations

import pytest
import yaml

from support.errors import raises
from support.projects.zoo_project import SMALLEST, ZooProject

pytestmark = pytest.mark.slow

FILE = "models/farm/animals.yml"
BY_HAND = """# Kept by the zoo's office.
models:
  - name: animal_visits   # the first view
    description: Visits to an animal.
    config:
      tags: [farm]
      meta:
        feature_view: &visits
          entity: [animal_id]
          events: ref('visits')
          event_time: visited_at
          windows: [7d, 28d]   # a week, a month
          aggregates:
            visits: {sql: count(*), description: Visits, min: 0}
            price: {sql: sum(price), empty: 0, description: Paid, unit: euros}
            heaviest: {sql: max(weight), description: "Heaviest visitor in {window}, kilograms"}
          derived:
            each_7d: {sql: "price_7d / nullif(visits_7d, 0)", description: Price of a visit}
          online: {ttl: 60d}
    data_tests:
      - dbt_utils_like: {arguments: {x: 1}}   # not ours
"""


def model(zoo: ZooProject, name: str = "animal_visits", file: str = FILE) -> dict:
    models = yaml.safe_load(zoo.read(file))["models"]
    return next(one for one in models if one["name"] == name)


def columns(zoo: ZooProject, name: str = "animal_visits", file: str = FILE) -> dict[str, dict]:
    return {one["name"]: one for one in model(zoo, name, file)["columns"]}


def by_hand(zoo: ZooProject) -> None:
    zoo.write(FILE, BY_HAND.split("    data_tests:")[0])
    zoo.complete()


def test_the_smallest_view_is_completed_and_builds(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST)
    assert len(SMALLEST.splitlines()) == 12
    with raises("no model declares the feature view", "near names: animal_visits"):
        zoo.complete("animal")
    result = zoo.complete()
    assert sorted(result.changes) == [
        "models/farm/animal_visits_v1.sql: new",
        f"{FILE}: updated",
        "models/farm/online_animal_visits_v1.sql: new",
        "models/farm/served_animal_visits_v1.yml: new",
    ]
    assert columns(zoo)["visits_28d"] == {
        "name": "visits_28d",
        "data_type": "bigint",
        "description": "Visits in the 28 days before feature_time.",
        "constraints": [{"type": "not_null", "warn_unsupported": False}],
    }
    assert model(zoo)["config"]["contract"] == {"enforced": True}
    assert model(zoo)["latest_version"] == 1
    build = zoo.dbt.build()
    assert not build.warnings
    before = zoo.files()
    assert zoo.complete().changes == []
    assert zoo.files() == before


def test_what_was_written_by_hand_stays_byte_for_byte(zoo: ZooProject) -> None:
    zoo.write(
        FILE,
        BY_HAND.replace("dbt_utils_like: {arguments: {x: 1}}", "unique: {column_name: known_at}"),
    )
    zoo.complete()
    text = zoo.read(FILE)
    for line in zoo.read(FILE).splitlines():
        assert line.rstrip() == line
    for line in BY_HAND.splitlines():
        if "dbt_utils" not in line:
            assert line in text.splitlines()
    assert "unique: {column_name: known_at}   # not ours" in text
    found = columns(zoo)
    assert found["price_7d"]["description"] == "Paid in the 7 days before feature_time, euros."
    assert found["price_7d"]["data_type"] == "decimal(38,2)"
    heaviest = found["heaviest_28d"]
    assert (
        heaviest["description"] == "Heaviest visitor in the 28 days before feature_time, kilograms."
    )
    assert "constraints" not in heaviest
    derived = found["each_7d"]["description"]
    assert derived == "Price of a visit in the 7 days before feature_time."


def test_a_changed_window_is_one_edit_and_keeps_what_a_person_changed(zoo: ZooProject) -> None:
    by_hand(zoo)
    zoo.replace(
        FILE, "description: Visits in the 7 days before feature_time.", "description: Ours."
    )
    zoo.replace(
        FILE, "{name: price_28d,", "{name: price_28d, data_tests: [not_null], meta: {a: 1},"
    )
    zoo.replace(FILE, "- {name: heaviest_7d", "# A note.\n      - {name: heaviest_7d")
    zoo.replace(FILE, "[7d, 28d]", "[7d, 28d, lifetime]")
    zoo.replace(FILE, "description: Paid,", "description: Paid at the gate,")
    zoo.complete()
    found = columns(zoo)
    assert list(found)[1:6] == [
        "feature_time",
        "visits_7d",
        "visits_28d",
        "visits_lifetime",
        "price_7d",
    ]
    assert found["visits_7d"]["description"] == "Ours."
    assert found["price_28d"]["data_tests"] == ["not_null"]
    assert found["price_28d"]["meta"] == {"a": 1}
    assert found["price_28d"]["description"].startswith("Paid at the gate in the 28 days")
    assert "      # A note.\n      - {name: heaviest_7d" in zoo.read(FILE)
    assert zoo.complete(check=True).changes == []
    zoo.replace(FILE, "[7d, 28d, lifetime]", "[7d]")
    result = zoo.complete()
    assert result.notes == [
        "animal_visits: the column price_28d is not declared any more; what was written by hand on "
        "it went with it"
    ]
    assert "visits_lifetime" not in columns(zoo)
    zoo.dbt.build()


def test_a_new_aggregate_and_one_that_may_be_null_now(zoo: ZooProject) -> None:
    by_hand(zoo)
    zoo.replace(FILE, "sum(price), empty: 0,", "sum(price),")
    zoo.replace(
        FILE,
        "          derived:",
        "            keepers: count(distinct keeper)\n          derived:",
    )
    zoo.complete()
    found = columns(zoo)
    assert "constraints" not in found["price_7d"]
    assert found["keepers_28d"]["description"] == "Keepers in the 28 days before feature_time."
    zoo.dbt.build()


def add_version(zoo: ZooProject, declaration: str) -> None:
    """Move the declaration into the first version, and add a second one to it."""
    text = zoo.read(FILE)
    start, end = text.index("      meta:\n        feature_view:"), text.index("    data_tests:")
    moved = text[start:end]
    zoo.write(FILE, text[:start] + text[end:])
    indented = "".join(f"    {line}\n" for line in moved.splitlines())
    zoo.replace(
        FILE,
        "      - v: 1\n",
        f"      - v: 1\n        config:\n{indented}      - v: 2\n        config:\n          meta:\n"
        f"            feature_view:\n              <<: *visits\n{declaration}",
    )


def test_a_second_version_with_other_columns(zoo: ZooProject) -> None:
    by_hand(zoo)
    zoo.replace(FILE, "{name: visits_7d,", "{name: visits_7d, meta: {kept: true},")
    add_version(
        zoo,
        "              derived: {}\n              aggregates:\n"
        "                visits: {sql: sum(minutes)}\n",
    )
    zoo.complete()
    versions = {one["v"]: one for one in model(zoo)["versions"]}
    assert "columns" not in model(zoo)
    names = [one["name"] for one in versions[2]["columns"]]
    assert names == ["animal_id", "feature_time", "visits_7d", "visits_28d", "known_at"]
    first, second = ({c["name"]: c for c in versions[v]["columns"]} for v in (1, 2))
    assert first["visits_7d"]["data_type"] == "bigint"
    assert second["visits_7d"]["data_type"] == "hugeint"
    assert first["visits_7d"]["meta"] == second["visits_7d"]["meta"] == {"kept": True}
    assert model(zoo, "online_animal_visits_v2")["columns"] == versions[2]["columns"]
    assert zoo.complete(check=True).changes == []
    zoo.dbt.build()


def test_versions_that_differ_in_a_description_only(zoo: ZooProject) -> None:
    zoo.write(FILE, SMALLEST.replace("feature_view:", "feature_view: &visits"))
    zoo.complete()
    calls = "{sql: count(*), description: Calls, min: 0}"
    add_version(zoo, f"              aggregates:\n                visits: {calls}\n")
    zoo.complete()
    assert columns(zoo)["visits_7d"]["description"] == (
        "v1: Visits in the 7 days before feature_time. v2: Calls in the 7 days before feature_time."
    )
    assert zoo.complete(check=True).changes == []
    zoo.dbt.build()


def test_a_declaration_of_the_model_and_of_a_version_is_an_error(zoo: ZooProject) -> None:
    by_hand(zoo)
    zoo.replace(
        FILE, "      - v: 1\n", "      - v: 1\n        config: {meta: {feature_view: *visits}}\n"
    )
    with raises("dbt would merge the two", "move config.meta.feature_view"):
        zoo.complete()


def test_two_views_in_a_file_a_composite_key_and_a_source(zoo: ZooProject) -> None:
    second = SMALLEST.replace("models:\n", "").replace("animal_visits", "keeper_visits")
    second = second.replace("[animal_id]", "[animal_id, keeper]")
    second = second.replace("ref('visits')", "source('gate', 'entries')")
    zoo.write("models/features/all.yml", SMALLEST + "\n" + second)
    zoo.complete()
    assert zoo.read("models/features/keeper_visits_v1.sql") == (
        "{{ feature_store.windowed_features(source('gate', 'entries'), "
        "feature_store.feature_view()) }}\n"
    )
    assert (zoo.folder / "models/online/online_keeper_visits_v1.sql").exists()
    text = zoo.read("models/features/all.yml")
    served = zoo.read("models/online/served_keeper_visits_v1.yml")
    assert "unique_key: [animal_id, keeper]" in served
    assert "One row per animal and keeper" in text
    zoo.dbt.build()
    before = zoo.files()
    zoo.complete("keeper_visits")
    assert zoo.files() == before


@pytest.mark.parametrize("kind", ["crlf", "no newline", "mark"])
def test_line_ends_and_the_end_of_the_file_stay(zoo: ZooProject, kind: str) -> None:
    text = SMALLEST.replace("Visits,", "Visits – ünd,")
    if kind == "crlf":
        text = text.replace("\n", "\r\n")
    elif kind == "no newline":
        text = text.rstrip("\n")
    else:
        text = "\ufeff" + text
    zoo.write(FILE, text)
    zoo.complete()
    written = zoo.read(FILE)
    assert written.startswith("\ufeff") == (kind == "mark")
    assert written.endswith("\n") == (kind != "no newline")
    assert written.count("\r\n") == (written.count("\n") if kind == "crlf" else 0)
    assert "Visits – ünd in the 7 days before feature_time." in written
    before = zoo.files()
    assert zoo.complete().changes == []
    assert zoo.files() == before


def test_views_by_hand_are_completed_as_far_as_it_applies(zoo: ZooProject) -> None:
    zoo.write(
        FILE,
        "models:\n  - name: profile\n    description: Ours.\n    config:\n"
        "      materialized: table\n      meta:\n        feature_view:\n"
        "          entity: [animal_id]\n"
        "          events: ref('visits')\n          event_time: visited_at\n"
        "          online: {ttl: 1d}\n",
    )
    sql = (
        "select animal_id, visited_at as feature_time, weight, loaded_at as known_at "
        "from {{ ref('visits') }}"
    )
    zoo.write("models/farm/profile.sql", sql)
    zoo.complete()
    assert columns(zoo, "profile")["weight"] == {
        "name": "weight",
        "data_type": "double",
        "description": "Weight.",
    }
    assert "versions" not in model(zoo, "profile")
    assert zoo.read("models/farm/profile.sql") == sql
    assert "ref('profile')" in zoo.read("models/farm/online_profile_v1.sql")
    zoo.dbt.build()
    assert zoo.complete(check=True).changes == []
