"""Tests of views that are declared online and have no snapshot, or two."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from feature_store.errors import FeatureStoreError
from support.paths import REPOSITORY
from support.projects.compiled_project import dbt, write_project
from support.projects.things_store import THINGS
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

OTHER = View("others", {"thing_id": "bigint"}, {"a": "integer"})


def edit_manifest(store: TinyStore, edit: Any) -> None:
    path = store.folder / "target" / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("what", ["snapshot", "online view"])
def test_a_view_that_is_declared_and_never_served(store: TinyStore, server: RedisServer, what: str):
    """It is named, and the others are exported."""
    store.declare([THINGS, OTHER])
    table, online, snapshot = OTHER.ids

    def remove(manifest: dict[str, Any]) -> None:
        for gone in [snapshot] if what == "snapshot" else [online, snapshot]:
            del manifest["nodes"][gone]
        manifest["child_map"][online] = []
        if what == "online view":
            manifest["child_map"][table] = []

    edit_manifest(store, remove)
    for _ in range(2):
        done = store.run_script("export_to_redis.py", server.unix_url)
        assert done.returncode == 1
        assert "things:v1" in done.stdout
        assert "others:v1: declared online, and never exported" in done.stderr
        assert "the snapshot served_others_v1" in " ".join(done.stderr.split())
    # Nothing else has to do with it.
    assert [one.view.label for one in store.export(server.unix_url, ["things"])] == ["things:v1"]


def test_a_view_that_is_not_declared_online_is_not_exported(store: TinyStore, server: RedisServer):
    store.declare([THINGS, OTHER])

    def remove(manifest: dict[str, Any]) -> None:
        table, online, snapshot = OTHER.ids
        del manifest["nodes"][online], manifest["nodes"][snapshot]
        manifest["child_map"][table] = []
        del manifest["nodes"][table]["config"]["meta"]["feature_view"]["online"]

    edit_manifest(store, remove)
    assert len(store.export(server.unix_url)) == 1


@pytest.mark.parametrize("name", ["a_copy", "served_things_v1_copy"])
def test_a_second_snapshot_is_refused(store: TinyStore, server: RedisServer, name: str):
    """Whichever of the two dbt names first."""
    store.export(server.unix_url)
    second = f"snapshot.tiny.{name}"

    def add(manifest: dict[str, Any]) -> None:
        _, online, snapshot = THINGS.ids
        manifest["nodes"][second] = manifest["nodes"][snapshot] | {
            "name": name,
            "unique_id": second,
        }
        manifest["child_map"][online] = sorted([snapshot, second])
        manifest["child_map"][second] = []

    edit_manifest(store, add)
    for labels in ([], ["things"]):
        with pytest.raises(FeatureStoreError) as caught:
            store.export(server.unix_url, labels)
        assert f"things:v1: has 2 snapshots of served rows: served_things_v1, {name}" in str(
            caught.value
        )
    assert store.view(THINGS).served_relation == '"snapshots"."served_things_v1"'
    store.declare([THINGS])
    assert [one.reason for one in store.export(server.unix_url)] == ["changes"]


def test_features_with_commas_in_their_names(store: TinyStore, server: RedisServer):
    """The metadata keep the names of the fields that keys may hold, joined by commas."""
    names = {"a,b": "integer", "c%2C": "varchar"}
    odd = replace(THINGS, features=names)
    store.execute('alter table snapshots.served_things_v1 add column "a,b" integer default 5')
    store.execute(
        """alter table snapshots.served_things_v1 add column "c%2C" varchar default 'x'"""
    )
    store.declare([odd])
    store.export(server.unix_url)
    store.declare([THINGS])
    store.export(server.unix_url)
    assert {*server.db.hgetall("fs:{thing:1}:things:v1")} == {"a", "b", "_feature_time"}


def test_dbt_refuses_what_cannot_be_served_before_it_builds_anything(tmp_path: Path):
    folder = tmp_path / "project"
    view = {"feature_view": {"entity": ["customer_id"], "event_time": "at", "grain": "1d"}}
    models = {
        "things": "select 1 as customer_id",
        "inlined": "{{ config(materialized='ephemeral') }} select 1 as customer_id",
        "online_things": "select * from {{ ref('things') }}",
    }
    write_project(folder, models, dict.fromkeys(models, view))
    path = folder / "dbt_project.yml"
    ours = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
    path.write_text(path.read_text() + yaml.safe_dump({"on-run-start": ours["on-run-start"]}))
    config = {"strategy": "check", "check_cols": "all", "unique_key": ["customer_id"]}
    snapshots = [
        {"name": name, "relation": "ref('online_things')", "config": config}
        for name in ("served_things_v1", "a_copy")
    ]
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / "s.yml").write_text(yaml.safe_dump({"snapshots": snapshots}))
    run = dbt(folder, "compile")
    assert run.returncode != 0
    said = " ".join(run.stdout.split())
    assert "things:v1 has 2 snapshots of its online view: a_copy (snapshots/s.yml), served_" in said
    assert "inlined (models/inlined.sql) is ephemeral: its rows would not be checked" in said
