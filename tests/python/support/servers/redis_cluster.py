"""A real Redis Cluster on loopback: nodes that can be killed, slots that move, replicas."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote

from redis.cluster import ClusterNode, RedisCluster

from support.servers.redis_cluster_node import Node
from support.servers.redis_server import TIMEOUT, wait_for, wait_until_copied
from support.servers.tcp_proxy import TcpProxy

SLOTS = 16_384
PRIMARIES = 3


class SlotMove:
    """A slot on its way from its node to another; between the steps clients get ASK.

    Args:
        cluster: the cluster.
        slot: 0 to 16383.
        to: the primary that is to have it.
    """

    def __init__(self, cluster: Cluster, slot: int, to: Node):
        self.cluster, self.slot, self.to = cluster, slot, to
        self.source = cluster.owner(slot)
        assert self.source is not to, f"the node has slot {slot}"
        to.call("CLUSTER SETSLOT", slot, "IMPORTING", self.source.id)
        self.source.call("CLUSTER SETSLOT", slot, "MIGRATING", to.id)

    def move_keys(self, at_most: int | None = None) -> int:
        """Move keys of the slot, all or some, and return how many went."""
        moved = 0
        login = ["AUTH", self.source.password] if self.source.password else []
        while at_most is None or moved < at_most:
            count = min(100, at_most - moved) if at_most else 100
            keys = self.source.call("CLUSTER GETKEYSINSLOT", self.slot, count)
            if not keys:
                break
            target = ("127.0.0.1", self.to.port, "", 0, 5000)
            self.source.call("MIGRATE", *target, *login, "KEYS", *keys)
            moved += len(keys)
        return moved

    def finish(self) -> None:
        """Let every node know that the slot has moved.

        Nodes believe the primary with the newest epoch. Two primaries may take the same epoch
        when slots move right after each other or while one of them fails over; the slot may then
        go back on some nodes for good, so that it is claimed again until all of them agree.
        """
        self.move_keys()
        give_up_at = time.monotonic() + TIMEOUT
        while True:
            self._claim()
            again_at = time.monotonic() + 3
            while time.monotonic() < again_at:
                nodes = self.cluster.running
                if all(_owner_id(node, self.slot) == self.to.id for node in nodes):
                    return
                time.sleep(0.01)
            assert time.monotonic() < give_up_at, f"timed out waiting for slot {self.slot} to move"

    def _claim(self) -> None:
        """Make the new owner take the slot with a newer epoch, and tell the other primaries."""
        if _owner_id(self.to, self.slot) != self.to.id:
            self.to.call("CLUSTER SETSLOT", self.slot, "IMPORTING", self.source.id)
        primaries = [node for node in self.cluster.running if node.is_primary]
        for node in sorted(primaries, key=lambda node: node is not self.to):
            node.call("CLUSTER SETSLOT", self.slot, "NODE", self.to.id)


class Cluster:
    """The nodes of a Cluster: first the three primaries, then the replicas in the same order.

    Args:
        replicas: replicas of each primary.
        password: of every node's default user.
        node_timeout_ms: after this long without a reply a node counts as failing.
        fronts: proxies before the nodes, one for each, or none.
    """

    def __init__(
        self,
        replicas: int,
        password: str | None,
        node_timeout_ms: int,
        fronts: Sequence[TcpProxy],
    ):
        self.password = password
        count = PRIMARIES * (1 + replicas)
        options = ("--cluster-node-timeout", str(node_timeout_ms))
        with ThreadPoolExecutor(count) as pool:
            starts = [
                pool.submit(Node, password, front, *options) for front in fronts or [None] * count
            ]
        self.nodes = [start.result() for start in starts if not start.exception()]
        for start in starts:
            if start.exception():
                self.close()
                start.result()

    def form(self) -> None:
        """Make one Cluster of the nodes, and wait until each of them says it is ready."""
        for n, node in enumerate(self.nodes):
            node.call("CLUSTER SET-CONFIG-EPOCH", n + 1)
            if n < PRIMARIES:
                first, end = (SLOTS * m // PRIMARIES for m in (n, n + 1))
                node.call("CLUSTER ADDSLOTS", *range(first, end))
            for other in self.nodes[:n]:
                node.call("CLUSTER MEET", "127.0.0.1", other.port)
        ids = {node.id for node in self.nodes}
        self.wait_until(lambda node: set(_table(node)) == ids, "the nodes to meet")
        for n, node in enumerate(self.nodes[PRIMARIES:]):
            node.call("CLUSTER REPLICATE", self.nodes[n % PRIMARIES].id)
        self.wait_until_ready()

    @property
    def running(self) -> list[Node]:
        """The nodes that were not killed."""
        return [node for node in self.nodes if node.runs]

    @property
    def url(self) -> str:
        """The address, which names every node."""
        return self.url_of(f":{quote(self.password, safe='')}" if self.password else "")

    def url_of(self, login: str = "", nodes: Sequence[Node] = ()) -> str:
        """Return the address with another login (``user:password``), or of some nodes only."""
        hosts = ",".join(f"127.0.0.1:{node.public_port}" for node in nodes or self.nodes)
        return f"redis-cluster://{login}{'@' if login else ''}{hosts}"

    def client(self, **options: Any) -> RedisCluster:
        """Return a client that decodes text."""
        nodes = [ClusterNode("127.0.0.1", node.public_port) for node in self.running]
        options = {"password": self.password, "decode_responses": True} | options
        return RedisCluster(startup_nodes=nodes, **options)

    def call_each(self, *command: Any) -> None:
        """Send one command to every running node, ``ACL SETUSER`` for instance."""
        for node in self.running:
            node.call(*command)

    def slot(self, key: str) -> int:
        """Return the slot of a key."""
        return self.running[0].call("CLUSTER KEYSLOT", key)

    def owner(self, slot: int) -> Node:
        """Return the node that has a slot."""
        owner_id = _owner_id(self.running[0], slot)
        return next(node for node in self.nodes if node.id == owner_id)

    def replica_of(self, node: Node) -> Node:
        """Return a running replica of a node."""
        table = _table(self.running[0])
        return next(other for other in self.running if table[other.id]["master_id"] == node.id)

    def begin_move(self, slot: int, to: Node) -> SlotMove:
        """Mark a slot as moving; its keys stay where they are until they are moved."""
        return SlotMove(self, slot, to)

    def move_slot(self, slot: int, to: Node) -> None:
        """Move a slot with its keys."""
        self.begin_move(slot, to).finish()

    def fail_over(self, node: Node) -> Node:
        """Kill a primary, wait until a replica has taken its place, and return that."""
        replica, slot = self.replica_of(node), self._first_slot(node)
        node.kill()
        self._wait_for_promotion(replica, slot)
        return replica

    def switch_over(self, node: Node) -> Node:
        """Let a primary and its replica change places by hand; return the new primary."""
        replica, slot = self.replica_of(node), self._first_slot(node)
        replica.call("CLUSTER FAILOVER")
        self._wait_for_promotion(replica, slot)
        self.wait_until_ready()
        return replica

    def wait_until_copied(self) -> None:
        """Wait until the replicas have all that the primaries have; copying lags behind writing."""
        table = _table(self.running[0])
        for replica in self.running:
            primary_id = table[replica.id]["master_id"]
            for primary in self.running:
                if primary.id == primary_id:
                    wait_until_copied(primary, replica)

    def _first_slot(self, node: Node) -> int:
        return int(_table(node)[node.id]["slots"][0][0])

    def _wait_for_promotion(self, replica: Node, slot: int) -> None:
        self.wait_until(
            lambda node: _owner_id(node, slot) == replica.id and _is_ok(node),
            "the replica to become a primary",
        )

    def wait_until(self, is_so: Callable[[Node], bool], what: str) -> None:
        """Wait until something is so on every running node."""
        for node in self.running:
            wait_for(lambda node=node: is_so(node), f"{what} (as node {node.port} sees it)")

    def wait_until_ready(self) -> None:
        """Wait until every running node is ready, and all agree on who is whose replica."""

        def is_ready(node: Node) -> bool:
            table = _table(node)
            agree = all(
                "fail" not in table[other.id]["flags"]
                and table[other.id]["master_id"] == _table(other)[other.id]["master_id"]
                for other in self.running
            )
            return agree and _is_ok(node) and _follows(node)

        self.wait_until(is_ready, "the Cluster to be ready")

    def close(self) -> None:
        """End every process, and remove the data."""
        for node in self.nodes:
            node.close()


def _table(node: Node) -> dict[str, dict[str, Any]]:
    """Return what a node knows of those that it has met, by id."""
    rows = node.call("CLUSTER NODES").values()
    return {row["node_id"]: row for row in rows if "handshake" not in row["flags"]}


def _owner_id(node: Node, slot: int) -> str | None:
    """Return the id of the node that has a slot, as a node sees it.

    None while a replica takes the place of its primary: for a moment a node may know of no owner.
    """
    for first, last, (_host, _port, owner_id, *_), *_replicas in node.call("CLUSTER SLOTS"):
        if first <= slot <= last:
            return owner_id
    return None


def _is_ok(node: Node) -> bool:
    return node.call("CLUSTER INFO")["cluster_state"] == "ok"


def _follows(node: Node) -> bool:
    """Return whether a node is no replica that still has to copy its primary's data."""
    replication = node.call("INFO", "replication")
    return replication["role"] == "master" or replication["master_link_status"] == "up"


@contextmanager
def redis_cluster(
    *,
    replicas: int = 0,
    password: str | None = None,
    node_timeout_ms: int = 2000,
    fronts: Sequence[TcpProxy] = (),
) -> Iterator[Cluster]:
    """Run a Cluster for the length of a ``with`` block; it is ready after about two seconds."""
    with closing(Cluster(replicas, password, node_timeout_ms, fronts)) as cluster:
        cluster.form()
        yield cluster
