"""A check of things, and its findings."""

from __future__ import annotations

from typing import Any

from feature_store.online.check.check import check_view
from feature_store.online.check.findings import CheckedView
from feature_store.online.connection.open import open_online_store
from feature_store.warehouse.connection import connect
from support.projects.things_store import THINGS
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_cluster import Cluster
from support.servers.redis_server import RedisServer

#: Rows for enough entities to draw a sample from.
HUNDRED = [(n, n, f"text {n}") for n in range(100)]


def check(
    store: TinyStore, server: RedisServer | Cluster, view: View = THINGS, **options: Any
) -> CheckedView:
    """Check a view; ``options`` are those of ``check_view``."""
    url = server.url if isinstance(server, Cluster) else server.unix_url
    with (
        connect(store.warehouse) as connection,
        open_online_store(store.settings(url)) as online,
    ):
        return check_view(connection, online, store.definitions, store.view(view), **options)


def found(checked: CheckedView) -> dict[str, int]:
    """Return what a check counted, without what it did not find."""
    return {kind: count for kind, count in checked.counts.items() if count}


def key_of(thing_id: int) -> str:
    """Return the key of a thing."""
    return f"fs:{{thing:{thing_id}}}:things:v1"
