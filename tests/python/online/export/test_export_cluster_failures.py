"""Tests of exports to a Cluster whose nodes fail over or restart, or whose slots move."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore
from support.servers.export_process import Ended, ExportForker
from support.servers.redis_cluster import Cluster, redis_cluster
from support.servers.redis_cluster_node import Node

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running_cluster() -> Iterator[Cluster]:
    with redis_cluster(replicas=1, node_timeout_ms=1_000) as running:
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


@pytest.fixture
def project(tmp_path: Path, cluster: Cluster, forker: ExportForker) -> RandomStore:
    """Return a project that is online, and whose rows have changed since."""
    made = RandomStore.make(tmp_path / "store", 150, forker, cluster.url, cluster.client)
    made.export()
    made.change()
    return made


def assert_online(project: RandomStore) -> None:
    project.end_lease()
    project.assert_online()


def assert_ended_right(ended: Ended, project: RandomStore) -> None:
    """Assert that an export that says it succeeded did, and that the next one does anyway."""
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr
    if ended.code:
        assert ended.code == 1
        assert "error " in ended.stderr
        assert "Next: " in ended.stderr
        project.end_lease()
        project.export()
    assert_online(project)


def other_primary(cluster: Cluster, slot: int) -> Node:
    """Return a primary that does not have a slot."""
    source = cluster.owner(slot)
    return next(node for node in cluster.running if node.is_primary and node is not source)


@pytest.mark.parametrize("request_number", [14, 46])
def test_primary_and_replica_change_places(
    project: RandomStore, cluster: Cluster, request_number: int
):
    running = project.start_stopped(request_number)
    cluster.switch_over(cluster.owner(cluster.slot("fs:lock")))
    assert_ended_right(running.resume(), project)


def test_a_primary_is_killed_and_its_replica_takes_over(project: RandomStore, cluster: Cluster):
    running = project.start_stopped(26)
    cluster.owner(cluster.slot("fs:{thing:1}")).kill()
    ended = running.resume()
    assert ended.code == 0, ended
    assert_online(project)
    assert "all views are checked again" in ended.stderr
    project.change()
    project.export()
    assert_online(project)


def test_a_primary_was_replaced_between_two_exports(project: RandomStore, cluster: Cluster):
    """What its replica had not got is lost, and no metadata say so: everything is sent."""
    project.export()
    cluster.switch_over(cluster.owner(cluster.slot("fs:{thing:1}")))
    with cluster.client() as client:
        for key in [*client.scan_iter("fs:{*")][::7]:
            client.delete(key)
    project.export()
    assert_online(project)


def test_a_node_is_restarted(project: RandomStore, cluster: Cluster):
    running = project.start_stopped(28)
    node = cluster.owner(cluster.slot("fs:{thing:2}"))
    node.kill()
    node.start()
    assert_ended_right(running.resume(), project)


def test_the_whole_cluster_is_restarted(project: RandomStore, cluster: Cluster):
    running = project.start_stopped(30)
    for node in cluster.nodes:
        node.kill()
    running.send_signal(signal.SIGCONT)
    for node in cluster.nodes:
        node.start()
    assert_ended_right(running.wait(), project)


def test_slots_move(project: RandomStore, cluster: Cluster):
    slots = [cluster.slot(f"fs:{{thing:{n}}}") for n in range(1, 9)]
    slots.append(cluster.slot("fs:meta:packed:v1"))
    for request in (14, 34):
        running = project.start_stopped(request)
        for slot in slots:
            cluster.move_slot(slot, other_primary(cluster, slot))
        ended = running.resume()
        assert ended.code == 0, ended
        assert_online(project)
        project.change()


def test_a_slot_moves_for_a_while(project: RandomStore, cluster: Cluster):
    slot = cluster.slot("fs:{thing:3}")
    to = other_primary(cluster, slot)
    running = project.start_stopped(14)
    move = cluster.begin_move(slot, to)
    move.move_keys(1)
    running.send_signal(signal.SIGCONT)
    # While the export meets ASK, and at last its end.
    move.move_keys(1)
    move.finish()
    assert_ended_right(running.wait(), project)


def test_a_slot_that_keeps_moving(project: RandomStore, cluster: Cluster):
    project.change(0.9)
    slot = cluster.slot("fs:{thing:4}")
    move = cluster.begin_move(slot, other_primary(cluster, slot))
    move.move_keys(2)
    ended = project.run(retry_timeout=1)
    move.finish()
    if ended.code == 0:
        assert_online(project)
    else:
        assert ended.code == 1
        assert "TRYAGAIN" in ended.stderr or "ASK" in ended.stderr or "slot" in ended.stderr
    project.export()
    assert_online(project)
