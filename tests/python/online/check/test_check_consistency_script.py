"""Tests of scripts/check_consistency.py and the record of checks."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from subprocess import CompletedProcess

import duckdb
import pytest

from feature_store.cli.arguments import read_sample
from feature_store.errors import FeatureStoreError
from feature_store.online.check import check_log
from feature_store.online.check.check_log import check_log_path, record_check
from feature_store.online.check.findings import check_share
from support.projects.checked_things import check, found, key_of
from support.projects.things_store import KEY, THINGS
from support.projects.tiny_store import TinyStore
from support.servers.redis_cluster import redis_cluster
from support.servers.redis_server import RedisServer, assert_clear, documented_rights

pytestmark = pytest.mark.slow


def run(store: TinyStore, url: str, *arguments: str) -> CompletedProcess[str]:
    return store.run_script("check_consistency.py", url, *arguments)


def recorded(store: TinyStore) -> list[tuple]:
    """Return the record, as DuckDB reads it."""
    path = check_log_path(store.settings(None))
    return duckdb.sql(
        'select view, "by", checked, missing, expired, stale, different, orphaned, share '
        f"from read_json('{path}') order by time"
    ).fetchall()


def cells(table: str, view: str) -> list[str]:
    """Return the cells of a view's line."""
    [line] = [line for line in table.splitlines() if f" {view} " in line and "│" in line]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_documented_rights_are_enough_to_check(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    server.db.execute_command(*documented_rights()["checker"])
    before = server.calls()
    server.db.hset(key_of(2), "foreign", "1")
    done = run(store, server.unix_url.replace("unix://", "unix://checker:pw@"), "--seed", "5")
    # redis-py sends its version (CLIENT SETINFO) and ignores the reply.
    assert {entry["object"] for entry in server.db.acl_log()} <= {"client"}
    server.db.hdel(key_of(2), "foreign")
    sent = {name for name, calls in server.calls().items() if calls > before.get(name, 0)}
    assert not sent & {"keys", "scan", "set", "del", "expire", "flushall", "exists"}
    assert "seed 5" in done.stdout
    assert cells(done.stdout, "things:v1")[:4] == ["things:v1", "3", "0", "1 different"]
    assert_clear(done, "columns that differ: (foreign field) (1)")
    done = run(store, server.unix_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert cells(done.stdout, "things:v1")[:5] == ["things:v1", "3", "0", "nothing", "0%"]
    [seed] = re.findall(r"seed (\d+)", done.stdout)
    assert seed != "5"  # another sample each time


def test_differences_end_with_examples_and_the_next_step(store: TinyStore, server: RedisServer):
    others = replace(THINGS, name="others")
    store.declare([THINGS, others])
    store.execute("create table snapshots.served_others_v1 as from snapshots.served_things_v1")
    store.export(server.unix_url, ["things"])
    server.db.delete(KEY)
    server.db.hset(key_of(2), "b", "[red]z")
    done = run(store, server.unix_url, "--view", "things", "--sample", "all")
    line = ["things:v1", "3", "0", "1 missing, 1 different", "66.7%"]
    assert cells(done.stdout, "things:v1")[:5] == line
    assert f"{KEY}: missing: offline a row, online no key" in done.stdout
    assert f"{key_of(2)}: different, b: offline 'y', online '[red]z'" in done.stdout
    assert_clear(
        done,
        "error the online store does not hold what the warehouse serves",
        "things:v1: 2 of 3 entities (66.7%) differ from the warehouse: 1 missing, "
        "1 different; columns that differ: b (1)",
        "Allowed: 0% of a view's entities",
        "Next: export everything again (feature-store export --full)",
    )
    assert run(store, server.unix_url, "--view", "things", "--max-mismatch", "0.67").returncode == 0
    done = run(store, server.unix_url, "--view", "things", "--max-mismatch", "0.66", "--json")
    assert done.returncode == 1
    [result] = json.loads(done.stdout)
    assert (result["view"], result["missing"], result["different"]) == ("things:v1", 1, 1)
    assert result["columns"] == [{"column": "b", "rows": 1}]
    assert result["examples"][0] == {
        "key": KEY,
        "kind": "missing",
        "column": "",
        "offline": "a row",
        "online": "no key",
    }
    done = run(store, server.unix_url)
    assert cells(done.stdout, "others:v1")[-2] == "never exported"
    assert_clear(done, "others:v1: was never exported to this server")
    shares = [(row[0], row[1], row[-1]) for row in recorded(store)]
    assert shares[:4] == [("things:v1", "export", 0.0), *[("things:v1", "check", 2 / 3)] * 3]
    assert sorted(shares[4:]) == [("others:v1", "check", 1.0), ("things:v1", "check", 2 / 3)]


def test_a_warehouse_need_not_be_green_but_must_exist(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    store.execute("update operations.dbt_results set status = 'error'")
    assert run(store, server.unix_url).returncode == 0
    store.warehouse.unlink()
    assert_clear(run(store, server.unix_url), "there is no warehouse yet")


def test_the_number_of_entities_to_compare():
    assert (read_sample("--sample", "all"), read_sample("--sample", "12")) == (None, 12)
    assert read_sample("--verify", "0", least=0) == 0
    for text in ("0", "-1", "many", "1.5", "", "²"):
        with pytest.raises(FeatureStoreError, match=re.escape(f"--sample: {text!r}")):
            read_sample("--sample", text)


@pytest.mark.parametrize(
    ("damage", "messages"),
    [
        (
            lambda store: store.execute("drop table snapshots.served_things_v1"),
            ["things:v1: ", "cannot be read as the project declares it", "Next: "],
        ),
        (
            lambda store: store.execute(
                "alter table snapshots.served_things_v1 alter b set data type integer[] using [1]; "
                "alter table snapshots.served_things_v1 alter a set data type varchar; "
                "update snapshots.served_things_v1 set a = 'ten'"
            ),
            ["things:v1: ", "cannot be read as the project declares it", "'ten'"],
        ),
    ],
)
def test_a_warehouse_that_cannot_be_read(
    store: TinyStore,
    server: RedisServer,
    damage: Callable[[TinyStore], object],
    messages: list[str],
):
    store.export(server.unix_url)
    damage(store)
    with pytest.raises(FeatureStoreError) as caught:
        check(store, server)
    assert all(message in str(caught.value) for message in messages)


def test_a_warehouse_that_dbt_writes(store: TinyStore, server: RedisServer):
    with duckdb.connect(str(store.warehouse)):
        done = run(store, server.unix_url)
        assert done.stdout == ""
    assert_clear(done, "another process has the warehouse open for writing", "Next: wait")


def test_a_server_that_is_down_or_forbids_it(store: TinyStore, own_server: RedisServer):
    store.export(own_server.unix_url)
    for missing in ("hlen", "hmget"):
        own_server.db.execute_command(*documented_rights()["checker"], f"-{missing}")
        done = run(store, own_server.unix_url.replace("unix://", "unix://checker:pw@"))
        assert_clear(done, "NOPERM", f"'{missing}'", "docs/operate/online_store.md")
        assert done.stdout == ""
    own_server.kill()
    done = run(store, own_server.unix_url)
    assert_clear(done, "the connection failed", "Next: start the server")


def test_the_rows_of_a_cluster(store: TinyStore):
    with redis_cluster() as cluster, cluster.client() as client:
        store.export(cluster.url)
        assert found(check(store, cluster)) == {}
        client.delete(KEY)
        client.hset(key_of(2), mapping={"foreign": "1", "a": "x"})
        client.set(key_of(3), "a string")
        checked = check(store, cluster)
        assert found(checked) == {"missing": 1, "different": 2}
        assert checked.columns == {"(row)": 1, "a": 1, "(foreign field)": 1}


def test_an_export_checks_and_the_next_one_repairs(store: TinyStore, server: RedisServer):
    check_log_path(store.settings(None)).unlink(missing_ok=True)
    [exported] = store.export(server.unix_url)
    assert exported.checked.mismatches == 0
    server.db.hset(KEY, "a", "11")
    store.serve(THINGS, [(1, 10, "x"), (2, 5, "y"), (3, None, None)])
    with pytest.raises(FeatureStoreError) as caught:
        store.export(server.unix_url, max_mismatch=0.3)
    assert f"{KEY}: different, a: offline 10, online 11" in str(caught.value)
    assert "(33.3%)" in str(caught.value)
    assert "--max-mismatch 0.3" in str(caught.value)
    [exported] = store.export(server.unix_url)
    assert exported.reason == "the last check found differences"
    assert server.db.hget(KEY, "a") == "10"
    server.db.hset(KEY, "a", "11")
    [exported] = store.export(server.unix_url)
    assert (exported.reason, exported.rows, exported.checked) == ("changes", 0, None)
    [exported] = store.export(server.unix_url, sample=None, max_mismatch=0.34)
    assert exported.checked.mismatches == 1
    [exported] = store.export(server.unix_url)
    assert exported.reason == "changes"
    with pytest.raises(FeatureStoreError):
        check_share([exported.checked or check(store, server)], math.nan)
    assert recorded(store) == [
        ("things:v1", "export", 3, 0, 0, 0, 0, 0, 0.0),
        ("things:v1", "export", 3, 0, 0, 0, 1, 0, 1 / 3),
        ("things:v1", "export", 3, 0, 0, 0, 0, 0, 0.0),
        ("things:v1", "export", 3, 0, 0, 0, 1, 0, 1 / 3),
    ]


def test_the_record_is_complete_and_bounded(
    store: TinyStore, server: RedisServer, monkeypatch: pytest.MonkeyPatch
):
    checked, settings = check(store, server), store.settings(None)
    record_check(settings, checked, by="check")
    path, older = check_log_path(settings), check_log_path(settings).with_suffix(".1.jsonl")
    # Full once while eight write at a time.
    monkeypatch.setattr(check_log, "_MAX_BYTES", 150 * path.stat().st_size + 50)
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(record_check, settings, checked, by="check") for _ in range(199)]:
            done.result()
    assert [len(file.read_text().splitlines()) for file in (older, path)] == [150, 50]
    assert len(recorded(store)) == 50
    path.unlink()
    path.mkdir()
    with pytest.raises(FeatureStoreError, match="the check cannot be recorded"):
        record_check(settings, checked, by="check")
