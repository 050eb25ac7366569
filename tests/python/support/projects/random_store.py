"""A tiny project whose rows change at random, and what Redis must hold of it after an export."""

from __future__ import annotations

import json
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from redis import Redis
from redis.cluster import RedisCluster

from support.projects.tiny_store import TinyStore, View
from support.servers.export_process import Ended, ExportForker, ExportProcess

_FEATURES = {"a": "integer", "b": "varchar", "c": "decimal(12,2)", "d": "boolean"}
HASHES = View("hashes", {"thing_id": "bigint"}, _FEATURES, ttl="2h")
FOREVER = View("forever", {"thing_id": "bigint"}, {"a": "integer", "b": "varchar"})
PACKED = View("packed", {"thing_id": "bigint"}, _FEATURES, ttl="3h", layout="packed")
VIEWS = (HASHES, FOREVER, PACKED)
_TTL_SECONDS = {"2h": 7_200, "3h": 10_800, None: None}
Client = Redis | RedisCluster


@dataclass
class RandomStore:
    """The project: three views of the same entities, in both layouts, one without a TTL.

    Args:
        store: where it is.
        random: decides on every change.
        entities: how many entities there may be; about three of four are served at a time.
        forker: starts its exports.
        url: the online store that it is exported to.
        client: returns a client of that.
    """

    store: TinyStore
    random: random.Random
    entities: int
    forker: ExportForker
    url: str
    client: Callable[[], Client]
    views: tuple[View, ...] = VIEWS

    @classmethod
    def make(cls, folder: Path, entities: int, *exports_to: Any) -> RandomStore:
        """Write the project with its first rows; ``exports_to`` are the forker, url and client."""
        made = cls(TinyStore(folder, VIEWS), random.Random(1), entities, *exports_to)
        made.change(share=1)
        return made

    def copy(self, folder: Path) -> RandomStore:
        """Copy the project; the copy's changes are others."""
        copied = TinyStore(shutil.copytree(self.store.folder, folder))
        return replace(self, store=copied, random=random.Random(2))

    def start(self, **options: Any) -> ExportProcess:
        """Start an export; ``options`` here and below are those of ``ExportForker.start``."""
        return self.forker.start(self.store, self.url, **options)

    def start_stopped(
        self, request: int | str, where: str = "before", **options: Any
    ) -> ExportProcess:
        """Start an export that stops itself at one of its requests."""
        return self.forker.start_stopped(self.store, self.url, request, where, **options)

    def run(self, **options: Any) -> Ended:
        """Run an export to its end."""
        return self.start(**options).wait()

    def export(self, **options: Any) -> None:
        """Export, and assert that it succeeds."""
        ended = self.run(**options)
        assert ended.code == 0, ended

    def is_killed_at(self, request: int | str, where: str = "after", **options: Any) -> bool:
        """Run an export that kills itself at a request; return whether it came to that.

        The lease of its lock is over then; that it ends by itself has a test of its own.
        """
        ended = self.run(signal_at=("SIGKILL", request, where), **options)
        assert ended.code in (0, -signal.SIGKILL), ended
        if ended.code:
            self.end_lease()
        return ended.code != 0

    def end_lease(self) -> None:
        """Let the lease of a lock be over."""
        self.client().delete("fs:lock")

    def assert_online(self) -> None:
        """Assert that the online store holds what the project serves."""
        assert_online_equals_offline(self, self.client())

    def export_and_compare(self, **options: Any) -> None:
        """Export, and assert that the online store holds what the project serves."""
        self.export(**options)
        self.assert_online()

    def change(self, share: float = 0.2, *, leave_out_new: bool = False) -> None:
        """Let a share of the entities of each view change, leave, come back or become null."""
        with duckdb.connect(str(self.store.warehouse)) as connection:
            for view in self.views:
                known = f"thing_id in (select thing_id from snapshots.{view.served_name})"
                among = known if leave_out_new else "true"
                self._change(connection, view, share, self.random.randrange(2**32), among)

    def _change(
        self, connection: duckdb.DuckDBPyConnection, view: View, share: float, seed: int, among: str
    ) -> None:
        table = f"snapshots.{view.served_name}"
        chance = f"hash(thing_id, {{}}, {seed}) % 1000 < {{}}"
        values = {
            "a": f"hash(thing_id, 'a', {seed}) % 1000",
            "b": f"'Wert ' || hash(thing_id, 'b', {seed}) || repeat(' ✓ Straße', thing_id % 5)",
            "c": f"(hash(thing_id, 'c', {seed}) % 100000) / 100 - 300",
            "d": f"hash(thing_id, 'd', {seed}) % 2 = 0",
        }
        columns = ", ".join(
            f"if({chance.format(repr(name), 200)}, null, {values[name]})::{kind} as {name}"
            for name, kind in view.features.items()
        )
        [(now,)] = connection.execute(
            "select coalesce(greatest(max(dbt_valid_from), max(dbt_valid_to)) + interval 1 second, "
            f"timestamp '2026-01-02 03:04:05.678') from {table}"
        ).fetchall()
        connection.execute(
            "create or replace temp table touched as select thing_id, "
            f"{chance.format(repr('stays'), 750)} as stays from range(1, {self.entities + 1}) "
            f"as r(thing_id) where {among} and {chance.format(repr('touched'), int(share * 1000))}"
        )
        connection.execute(
            f"update {table} set dbt_valid_to = ? where dbt_valid_to is null "
            "and thing_id in (select thing_id from touched)",
            [now],
        )
        connection.execute(
            f"insert into {table} by name select thing_id, timestamp '2026-01-02' as feature_time, "
            f"{columns}, timestamp '2026-01-02' as known_at, ? as dbt_valid_from from touched "
            "where stays",
            [now],
        )

    def declare(self, *views: View) -> None:
        """Declare these views in place of those of the same name, as another definition."""
        named = {view.name: view for view in views}
        self.views = tuple(named.get(view.name, view) for view in self.views)
        self.store.declare(self.views)

    def redefine(self) -> None:
        """Declare one of the views in another way: fewer features, another layout or TTL."""
        view = self.random.choice(self.views)
        original = next(one for one in VIEWS if one.name == view.name)
        features = dict([*original.features.items()][: self.random.randint(1, 4)])
        layout = self.random.choice([None, "packed"])
        ttl = self.random.choice([None, "2h", "3h"])
        self.declare(replace(view, features=features, layout=layout, ttl=ttl))


def assert_online_equals_offline(project: RandomStore, client: Client) -> None:
    """Assert that Redis holds the served rows and what belongs to them, and nothing else.

    Independent of the project's own code: keys and texts are made here.
    """
    expected = {"fs:meta"} | {f"fs:meta:{view.label}" for view in project.views}
    with duckdb.connect(str(project.store.warehouse)) as connection:
        rows = {view.label: dict(_expected_rows(connection, view)) for view in project.views}
    for view in project.views:
        expected |= rows[view.label].keys()
        if view.layout == "packed":
            expected.add(f"fs:schema:{view.label}")
    found = set(client.scan_iter("*", count=1_000))
    stale, lost = sorted(found - expected), sorted(expected - found)
    assert not stale + lost, f"stale: {stale[:5]}, lost: {lost[:5]}"
    for view in project.views:
        metadata = client.hgetall(f"fs:meta:{view.label}")
        assert metadata["rows"] == str(len(rows[view.label]))
        assert metadata["layout"] == (view.layout or "hash")
        assert not metadata["disturbed"]
        _assert_rows(client, view, rows[view.label])


def _expected_rows(
    connection: duckdb.DuckDBPyConnection, view: View
) -> Iterator[tuple[str, dict[str, Any]]]:
    columns = ", ".join(["thing_id", *view.features])
    served = f"select {columns} from snapshots.{view.served_name} where dbt_valid_to is null"
    for thing_id, *values in connection.execute(served).fetchall():
        key = f"fs:{{thing:{thing_id}}}:{view.label}"
        yield key, dict(zip(view.features, values, strict=True))


def _assert_rows(client: Client, view: View, rows: dict[str, dict[str, Any]]) -> None:
    wrong, ttls = {}, []
    schemas = client.hgetall(f"fs:schema:{view.label}") if view.layout == "packed" else {}
    names = [*rows]
    for first in range(0, len(names), 1_000):
        keys = names[first : first + 1_000]
        pipeline = client.pipeline(False) if isinstance(client, Redis) else client.pipeline()
        for key in keys:
            pipeline.get(key) if schemas else pipeline.hgetall(key)
            pipeline.ttl(key)
        replies = pipeline.execute()
        for key, value, ttl in zip(keys, replies[::2], replies[1::2], strict=True):
            ttls.append(ttl)
            read = _packed(value, schemas) if schemas else value
            if read != (packed_row if schemas else hash_row)(rows[key]):
                wrong[key] = (read, rows[key])
    some = [*wrong.items()][:3]
    assert not wrong, f"{len(wrong)} of {len(rows)} rows of {view.label} differ: {some}"
    longest = _TTL_SECONDS[view.ttl]
    if longest is None:
        assert {*ttls} <= {-1}
    else:
        assert all(longest / 2 < ttl <= longest for ttl in ttls), (min(ttls), max(ttls))


def hash_row(row: dict[str, Any]) -> dict[str, str]:
    """Return the hash that a row must be online."""
    texts = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in row.items()
        if value is not None
    }
    return texts | {"_feature_time": "2026-01-02T00:00:00Z"}


def packed_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a packed row must hold, by name."""
    return row | {"_feature_time": "2026-01-02"}


def _packed(text: str, schemas: dict[str, str]) -> dict[str, Any]:
    number, time, *values = json.loads(text, parse_float=Decimal)
    schema = json.loads(schemas[str(number)])
    return dict(zip(schema["names"], values, strict=True)) | {"_feature_time": time}
