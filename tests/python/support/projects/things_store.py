"""A tiny project with one view of three rows, which the tests export and damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from feature_store.online.export.exporter import ROWS_AT_ONCE
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import RedisServer

THINGS = View("things", {"thing_id": "bigint"}, {"a": "integer", "b": "varchar"}, ttl="2h")
KEY = "fs:{thing:1}:things:v1"
META = "fs:meta:things:v1"
#: More than one batch, so that a fault can come in the middle.
MANY = 4 * ROWS_AT_ONCE + 1


def things_store(folder: Path) -> TinyStore:
    """Write the project; the second row has a null, the third has nothing else."""
    store = TinyStore(folder, [THINGS])
    store.serve(THINGS, [(1, 10, "x"), (2, None, "y"), (3, None, None)])
    return store


def serve_many(store: TinyStore) -> None:
    """Let the view have rows for several batches, every fifth with a null."""
    store.execute(
        "delete from snapshots.served_things_v1; insert into snapshots.served_things_v1 "
        "select n, timestamp '2026-01-02', if(n % 5 = 0, null, n), "
        "'Zeile ' || n || repeat(' ✓ Straße 日本', n % 7), "
        f"timestamp '2026-01-02', timestamp '2026-01-03', null from range(1, {MANY + 1}) as r(n)"
    )


def completed(client: redis.Redis) -> dict[str, str]:
    """Return the metadata, but for the note of an export that began and did not come to its end."""
    return {name: text for name, text in client.hgetall(META).items() if name != "sending"}


def sent(store: TinyStore, server: RedisServer, **options: Any) -> tuple[str, int, int]:
    """Export, and return why all was sent or ``changes``, and the rows sent and keys deleted."""
    [exported] = store.export(server.unix_url, sample=0, **options)
    return exported.reason, exported.rows, exported.deleted


def export_first_rows(store: TinyStore, server: RedisServer) -> None:
    """Let an export end after its first rows, before its metadata."""

    def fail(_: int) -> None:
        raise RuntimeError("ends here")

    with pytest.raises(RuntimeError, match="ends here"):
        store.export(server.unix_url, on_rows=fail)


def online(server: RedisServer) -> dict[str, Any]:
    """Return every row by its key."""
    db = server.db
    return {
        key: db.hgetall(key) if db.type(key) == "hash" else db.get(key)
        for key in db.scan_iter("fs:{*")
    }


def served_at(store: TinyStore, as_of: str, view: View = THINGS) -> None:
    """Note, as dbt's hook does, as of when the rows are."""
    store.execute(
        "create table if not exists operations.served_runs (snapshot_id varchar, as_of timestamp, "
        "served_at timestamp); insert into operations.served_runs values (?, ?, now()::timestamp)",
        [view.ids[2], as_of],
    )
