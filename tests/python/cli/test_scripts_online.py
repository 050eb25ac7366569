"""The scripts of the online store on the sample: export and read back."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.open import describe_server, open_online_store
from feature_store.online.export.served_views import choose_views
from feature_store.registry.definitions import FeatureDefinitions, load_definitions
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import identifier
from support.servers.redis_server import (
    assert_clear,
    output_of,
    redis_server,
    run_script,
    script_environment,
)

pytestmark = pytest.mark.slow


def assert_refused(script: str, *messages: str, **variables: str | None) -> None:
    """Check that a script, given with its arguments, ends with an error without the password."""
    done = run_script(*script.split(), environment=script_environment(**variables))
    assert_clear(done, *messages)
    assert "t0p-secret" not in done.stderr + done.stdout


def entities_of(settings: Settings, entity: str) -> dict[str, Any]:
    """Return the ids of one served entity, as the smallest of its snapshot."""
    definitions = load_definitions(settings.target_path / "manifest.json")
    view = next(view for view in choose_views(definitions, []) if view.entity_name == entity)
    names = [key.name for key in view.entity]
    with connect(settings.warehouse_path) as connection:
        columns = ", ".join(map(identifier, names))
        found = connection.execute(
            f"select {columns} from {view.served_relation} where dbt_valid_to is null "
            "order by all limit 1"
        ).fetchall()
    return dict(zip(names, found[0], strict=True))


def test_the_export_table(exported: str, sample: Settings, definitions: FeatureDefinitions):
    assert exported.startswith("Exported to redis://127.0.0.1:")
    assert "t0p-secret" not in exported
    total = 0
    with connect(sample.warehouse_path) as connection:
        for view in choose_views(definitions, []):
            [(rows,)] = connection.execute(
                f"select count(*) from {view.served_relation} where dbt_valid_to is null"
            ).fetchall()
            total += rows
            [line] = [line for line in exported.splitlines() if f" {view.label} " in line]
            assert f" {rows:,} " in line
    [last] = [line for line in exported.splitlines() if line.startswith("│ all ")]
    assert f" {total:,} " in last


@pytest.mark.usefixtures("exported")
def test_one_entity_as_a_table_and_as_json(sample, definitions, url):
    [customer_id] = entities_of(sample, "customer").values()
    arguments = ("get_features.py", "customer", str(customer_id))
    lines = output_of(*arguments, REDIS_URL=url).splitlines()
    assert lines[0].rstrip() == f"customer {customer_id}"
    result = json.loads(output_of(*arguments, "--json", REDIS_URL=url))
    assert result["features"].pop("customer_id") == str(customer_id)
    latest = [
        view
        for view in choose_views(definitions, [])
        if view.entity_name == "customer" and view.is_latest
    ]
    expected = [f"{view.name}:{feature.name}" for view in latest for feature in view.features]
    assert [*result["features"]] == expected
    assert [*result["feature_times"]] == [view.label for view in latest]
    for reference, value in result["features"].items():
        [line] = [line for line in lines if f" {reference} " in line]
        assert f" {'null' if value is None else value} " in line


@pytest.mark.usefixtures("exported")
def test_one_feature_of_a_composite_entity(sample, definitions, url):
    view = next(view for view in choose_views(definitions, []) if len(view.entity) > 1)
    ids = "|".join(str(value) for value in entities_of(sample, view.entity_name).values())
    reference = f"{view.label}:{view.features[0].name}"
    arguments = ("get_features.py", view.entity_name, ids, "--json", "--feature", reference)
    features = json.loads(output_of(*arguments, REDIS_URL=url))["features"]
    assert [*features] == [*(key.name for key in view.entity), reference]
    assert features[reference] is not None


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ("custmer 1", ["there is no entity 'custmer'", "near names: customer"]),
        ("customer 999999999", ["the online store has no row of customer '999999999'"]),
        ("customer|store 1", ["id '1' has 1 part", "Allowed: 2: customer_id|store_id"]),
        (
            "customer 1 --feature customer_purchases:spend_29d",
            ["has no feature 'spend_29d'", "near names: ", "spend_28d"],
        ),
    ],
)
def test_what_cannot_be_read(url: str, arguments: str, messages: list[str]):
    assert_refused(f"get_features.py {arguments}", "error ", *messages, REDIS_URL=url)


def test_a_dry_run_writes_nothing(definitions: FeatureDefinitions):
    with redis_server() as empty:
        text = output_of("export_to_redis.py", "--dry-run", REDIS_URL=empty.unix_url)
        assert text.startswith(f"Would go to {empty.unix_url}")
        assert all(f" {view.label} " in text for view in choose_views(definitions, []))
        assert {*empty.calls()} <= {"ping", "hello", "client", "info", "time", "dbsize", "hgetall"}


def test_one_view_to_a_socket(definitions: FeatureDefinitions):
    view = choose_views(definitions, [])[0]
    with redis_server() as own, own.client() as client:
        settings = {"REDIS_URL": own.unix_url, "FEATURE_STORE_PREFIX": "other"}
        output_of("export_to_redis.py", "--view", view.label, **settings)
        keys = {*client.keys()}
        assert {"other:meta", f"other:meta:{view.label}"} < keys
        entities = [key for key in keys if key.endswith(f"}}:{view.label}")]
        rows = int(client.hget(f"other:meta:{view.label}", "rows"))
        assert len(entities) == len(keys) - 2 == rows


def test_an_unknown_view(url: str):
    words = ("no feature view 'customer_purchase'", "near names: customer_purchases")
    assert_refused("export_to_redis.py --view customer_purchase", *words, REDIS_URL=url)


@pytest.mark.parametrize(
    "bad",
    [
        "http://user:t0p-secret@host",
        "user:t0p-secret@host:6379",
        "redis://:t0p/secret@host:6379",
        "redis://:t0p-secret@host:port",
        "redis://:t0p-secret@host:6379?db=t0p-secret",
        "redis://:t0p-secret@[host",
        "t0p-secret",
    ],
)
def test_an_address_that_cannot_be_read(sample: Settings, bad: str):
    settings = Settings(**{**vars(sample), "redis_url": bad})
    with pytest.raises(FeatureStoreError) as caught, open_online_store(settings):
        pass
    assert str(caught.value).startswith("REDIS_URL: cannot be read: ")
    assert "redis://host:6379/0" in str(caught.value)
    shown = str(caught.value) + describe_server(settings)
    assert "secret" not in shown
    assert "t0p" not in shown


@pytest.mark.parametrize("script", ["export_to_redis.py --dry-run", "get_features.py customer 1"])
def test_another_scheme_is_refused(script: str):
    bad = "http://user:t0p-secret@host"
    words = ("error REDIS_URL: cannot be read: an address with http", "rediss://")
    assert_refused(script, *words, REDIS_URL=bad)


def test_a_closed_port():
    with socket.socket() as probe:
        # Bound, but nobody listens, and nobody else can meanwhile.
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        bad = f"redis://:t0p-secret@127.0.0.1:{port}/0"
        words = (f"error redis://127.0.0.1:{port}/0: the connection failed", "Next: ")
        assert_refused("export_to_redis.py", *words, REDIS_URL=bad)


def test_the_embedded_server_keeps_what_was_exported(sample: Settings, tmp_path: Path):
    """A project of its own, so that the sample's embedded data stay as they are."""
    project = tmp_path / "project"
    (project / "target").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(sample.project_dir / name, project)
    shutil.copy(sample.target_path / "manifest.json", project / "target")
    variables = {
        "FEATURE_STORE_PROJECT_DIR": str(project),
        "FEATURE_STORE_WAREHOUSE": str(sample.warehouse_path),
        "DBT_TARGET": "dev",
        **dict.fromkeys(("REDIS_URL", "DBT_TARGET_PATH", "DBT_PROFILES_DIR")),
    }
    [customer_id] = entities_of(sample, "customer").values()
    get = f"get_features.py customer {customer_id}"
    assert_refused(get, "export first (feature-store export)", **variables)
    text = output_of("export_to_redis.py", "--view", "customer_purchases", **variables)
    assert text.startswith("Exported to embedded Redis (target/redis/dev.rdb)")
    text = output_of(*get.split(), "--feature", "customer_purchases", **variables)
    assert "no row" not in text
    names = {path.name for path in (project / "target" / "redis").iterdir()}
    assert names == {"dev.rdb", "dev.lock"}
