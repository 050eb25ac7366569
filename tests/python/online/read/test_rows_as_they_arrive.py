"""Rows that come in many pieces are read as each is read alone, in both layouts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from feature_store import FeatureStoreError
from support.projects.customers_store import open_feature_store
from support.projects.every_type import exactly
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import RedisServer
from support.servers.tcp_proxy import TcpProxy, cutting_proxy

HASH = View(
    "as_hash",
    {"thing_id": "bigint"},
    {
        "whole": "integer",
        "text": "varchar",
        "amount": "decimal(18,2)",
        "ratio": "double",
        "seen_at": "timestamp",
        "day": "date",
        "is_new": "boolean",
        "tags": "varchar[]",
    },
)
#: Without a nested type, whose rows are decoded one by one.
PACKED = replace(
    HASH,
    name="as_packed",
    layout="packed",
    features={name: kind for name, kind in HASH.features.items() if name != "tags"},
)
FLAT = replace(PACKED, name="as_flat_hash", layout="hash")
VIEWS = [HASH, PACKED, FLAT]
ROWS = 1_000
#: A third exist; some twice.
ENTITIES = [{"thing_id": n % (3 * ROWS)} for n in range(2, 3 * ROWS + 200)]
FEATURES = [view.name for view in VIEWS]


@pytest.fixture(scope="module")
def server(shared: RedisServer) -> RedisServer:
    """Return a server that keeps its data from test to test."""
    return shared


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, server: RedisServer) -> TinyStore:
    """Return a project of rows with nulls, infinite and other numbers, text of other scripts."""
    store = TinyStore(tmp_path_factory.mktemp("tiny"), VIEWS)
    store.prefix = "arriving"
    for view in VIEWS:
        store.execute(
            f"insert into snapshots.{view.served_name} by name "
            "select n as thing_id, timestamp '2026-01-02' + to_minutes(n) as feature_time, "
            "if(n % 5 = 0, null, n) as whole, if(n % 11 = 0, null, 'Süd, ' || n) as text, "
            "if(n % 3 = 0, 0, n / 8) as amount, "
            "case when n % 97 = 0 then 'nan' when n % 89 = 0 then '-inf' else n / 7 end as ratio, "
            "if(n % 2 = 0, null, timestamp '2026-01-02 03:04:05') as seen_at, "
            "date '2026-01-02' as day, n % 4 = 0 as is_new, "
            + ("if(n % 6 = 0, null, ['a', null]) as tags, " if "tags" in view.features else "")
            + "timestamp '2026-01-02' as known_at, timestamp '2026-01-03' as dbt_valid_from "
            f"from range({ROWS}) as r(n)"
        )
    store.export(server.unix_url, sample=0)
    return store


@pytest.fixture
def proxy(server: RedisServer) -> Iterator[TcpProxy]:
    with cutting_proxy(server.port) as running:
        yield running


def rows_of(result: object) -> list[list[object]]:
    return [[exactly(value) for value in row.values()] for row in result.rows]


@pytest.mark.usefixtures("parser")
def test_rows_together_and_alone(tiny: TinyStore, server: RedisServer):
    together = tiny.read(server.tcp_url, ENTITIES, FEATURES)
    found = rows_of(together)
    assert len(found) == len(ENTITIES)
    for number in [*range(0, ROWS, 101), ROWS, len(ENTITIES) - 1]:
        alone = tiny.read(server.tcp_url, [ENTITIES[number]], FEATURES)
        assert rows_of(alone) == [found[number]]
        assert alone.feature_times == [together.feature_times[number]]


def test_a_part_of_the_features(tiny: TinyStore, server: RedisServer):
    """What is not requested is not checked, and changes nothing."""
    whole = tiny.read(server.tcp_url, ENTITIES, FEATURES)
    wanted = ["as_packed:seen_at", "as_flat_hash:amount", "as_packed:amount", "as_packed:text"]
    some = tiny.read(server.tcp_url, ENTITIES, wanted)
    assert [*some.values] == [*wanted[:1], *wanted[2:], wanted[1]]
    for reference, values in some.values.items():
        whole_name = reference if reference in whole.values else reference.replace(":", ":v1:")
        assert [*map(exactly, values)] == [*map(exactly, whole.values[whole_name])]


def test_without_blocking_the_event_loop(tiny: TinyStore, server: RedisServer):
    async def read() -> object:
        async with store:
            return await store.get_online_features_async(ENTITIES, FEATURES)

    with open_feature_store(tiny, server.tcp_url) as store:
        store.settings = replace(store.settings, prefix=tiny.prefix)
        found = rows_of(asyncio.run(read()))
    assert found == rows_of(tiny.read(server.tcp_url, ENTITIES, FEATURES))


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_connection_that_breaks_between_two_rows(tiny: TinyStore, proxy: TcpProxy, how: str):
    """What was decoded before counts no more: the rows are read again from the first."""
    with open_feature_store(tiny, proxy.url) as store:
        store.settings = replace(store.settings, prefix=tiny.prefix)
        expected = rows_of(store.get_online_features(ENTITIES, FEATURES))
        proxy.cut_after(100_000, how)
        assert rows_of(store.get_online_features(ENTITIES, FEATURES)) == expected
        assert proxy.cuts == 1


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("whole", "many"),
        ("whole", ""),
        ("whole", "null"),
        ("whole", "1,2"),
        ("whole", "1],[2"),
        ("whole", "1.5"),
        ("whole", "nan"),
        ("amount", "0.0.0"),
        ("amount", "Infinity"),
        ("ratio", "[1]"),
        ("is_new", "yes"),
        ("day", "2026-02-30"),
    ],
)
def test_a_text_of_another_program_among_many_rows(
    tiny: TinyStore, server: RedisServer, field: str, text: str
):
    """Texts that could pass as several elements, or as another one, of a JSON array included."""
    key = f"arriving:{{thing:777}}:{FLAT.label}"
    before = server.db.hget(key, field)
    server.db.hset(key, field, text)
    kind = FLAT.features[field]
    try:
        for entities in (ENTITIES, ENTITIES[700:800], ENTITIES[775:776]):
            with pytest.raises(FeatureStoreError) as caught:
                tiny.read(server.tcp_url, entities, [FLAT.name])
            assert f"{key}, field {field}: {text!r} cannot be read as {kind}" in str(caught.value)
    finally:
        server.db.hset(key, field, before)
