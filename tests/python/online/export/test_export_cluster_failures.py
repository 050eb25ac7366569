"""Tests of exports to a Cluster whose nodes fail over or restart, or whose slots move."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore, assert_online_equals_offline
from support.servers.export_process import ExportForker, ExportProcess
from support.servers.redis_cluster import Cluster, redis_cluster


@pytest.fixture(scope="module")
def running_cluster() -> Iterator[Cluster]:
    with redis_cluster(primaries=3, replicas=1, node_timeout_ms=1_000) as running:
        yield running


@pytest.fixture
def cluster(running_cluster: Cluster) -> Cluster:
    """Return the Cluster, empty and with all its nodes."""
    for node in running_cluster.nodes:
        if not node.runs:
            node.start()
    running_cluster.wait_until_ready()
    for node in running_cluster.nodes:
        if node.is_primary:
            node.call("FLUSHALL")
    return running_cluster


def check(project: RandomStore, cluster: Cluster) -> None:
    with cluster.client() as client:
        client.delete("fs:lock")
        assert_online_equals_offline(project, client)


def assert_ended_right(
    running: ExportProcess, project: RandomStore, cluster: Cluster, forker: ExportForker
) -> None:
    """Assert that an export that says it succeeded did, and that the next one does anyway."""
    ended = running.wait()
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr
    if ended.code == 0:
        check(project, cluster)
    else:
        assert ended.code == 1
        assert "error " in ended.stderr
        assert "Next: " in ended.stderr
        with cluster.client() as client:
            client.delete("fs:lock")
        again = forker.run(project.store, cluster.url)
        assert again.code == 0, again
        check(project, cluster)


def test_all_views_of_an_entity_are_in_one_slot(
    tmp_path: Path, cluster: Cluster, forker: ExportForker
):
    project = RandomStore.make(tmp_path / "store", 1, entities=60)
    assert forker.run(project.store, cluster.url).code == 0
    check(project, cluster)
    with cluster.client() as client:
        slots: dict[str, set[int]] = {}
        for key in client.scan_iter("fs:{*"):
            slots.setdefault(key.split("}")[0], set()).add(client.keyslot(key))
    assert len(slots) > 40
    assert all(len(found) == 1 for found in slots.values())


@pytest.mark.parametrize("request_number", [14, 46])
def test_a_primary_changes_places_with_its_replica(
    tmp_path: Path, cluster: Cluster, forker: ExportForker, request_number: int
):
    project = RandomStore.make(tmp_path / "store", 2, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    project.change()
    running = forker.start_stopped(project.store, cluster.url, request_number)
    cluster.switch_over(cluster.owner(cluster.slot("fs:lock")))
    running.send_signal(signal.SIGCONT)
    assert_ended_right(running, project, cluster, forker)


def test_a_primary_is_killed_and_its_replica_takes_over(
    tmp_path: Path, cluster: Cluster, forker: ExportForker
):
    project = RandomStore.make(tmp_path / "store", 3, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    project.change()
    running = forker.start_stopped(project.store, cluster.url, 26)
    cluster.owner(cluster.slot("fs:{thing:1}")).kill()
    running.send_signal(signal.SIGCONT)
    assert running.wait().code == 0, running.stderr
    check(project, cluster)
    assert "all views are exported again" in running.stderr
    project.change()
    assert forker.run(project.store, cluster.url).code == 0
    check(project, cluster)


def test_a_primary_was_replaced_between_two_exports(
    tmp_path: Path, cluster: Cluster, forker: ExportForker
):
    """What its replica had not got is lost, and no metadata say so: everything is sent."""
    project = RandomStore.make(tmp_path / "store", 4, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    node = cluster.owner(cluster.slot("fs:{thing:1}"))
    cluster.switch_over(node)
    with cluster.client() as client:
        for key in [*client.scan_iter("fs:{*")][::7]:
            client.delete(key)
        assert forker.run(project.store, cluster.url).code == 0
    check(project, cluster)


def test_a_node_is_restarted(tmp_path: Path, cluster: Cluster, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 5, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    project.change()
    running = forker.start_stopped(project.store, cluster.url, 28)
    node = cluster.owner(cluster.slot("fs:{thing:2}"))
    node.kill()
    node.start()
    running.send_signal(signal.SIGCONT)
    assert_ended_right(running, project, cluster, forker)


def test_the_whole_cluster_is_restarted(tmp_path: Path, cluster: Cluster, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 9, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    project.change()
    running = forker.start_stopped(project.store, cluster.url, 30)
    for node in cluster.nodes:
        node.kill()
    running.send_signal(signal.SIGCONT)
    for node in cluster.nodes:
        node.start()
    assert_ended_right(running, project, cluster, forker)


def test_slots_move(tmp_path: Path, cluster: Cluster, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 6, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    slots = [cluster.slot(f"fs:{{thing:{n}}}") for n in range(1, 9)]
    slots.append(cluster.slot("fs:meta:packed:v1"))
    for request in (14, 34):
        project.change()
        running = forker.start_stopped(project.store, cluster.url, request)
        for slot in slots:
            source = cluster.owner(slot)
            to = next(node for node in cluster.running if node.is_primary and node is not source)
            cluster.move_slot(slot, to)
        running.send_signal(signal.SIGCONT)
        assert running.wait().code == 0, running.stderr
        check(project, cluster)


def test_a_slot_moves_for_a_while(tmp_path: Path, cluster: Cluster, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 7, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    slot = cluster.slot("fs:{thing:3}")
    source = cluster.owner(slot)
    to = next(node for node in cluster.running if node.is_primary and node is not source)
    project.change()
    running = forker.start_stopped(project.store, cluster.url, 14)
    move = cluster.begin_move(slot, to)
    move.move_keys(1)
    running.send_signal(signal.SIGCONT)
    # While the export meets ASK, and at last its end.
    move.move_keys(1)
    move.finish()
    assert_ended_right(running, project, cluster, forker)


def test_a_slot_that_keeps_moving(tmp_path: Path, cluster: Cluster, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 8, entities=150)
    assert forker.run(project.store, cluster.url).code == 0
    project.change(0.9)
    slot = cluster.slot("fs:{thing:4}")
    source = cluster.owner(slot)
    to = next(node for node in cluster.running if node.is_primary and node is not source)
    move = cluster.begin_move(slot, to)
    move.move_keys(2)
    ended = forker.run(project.store, cluster.url, retry_timeout=1)
    move.finish()
    if ended.code == 0:
        check(project, cluster)
    else:
        assert ended.code == 1
        assert "TRYAGAIN" in ended.stderr or "ASK" in ended.stderr or "slot" in ended.stderr
    assert forker.run(project.store, cluster.url).code == 0
    check(project, cluster)
