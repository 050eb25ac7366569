"""Connections that stay out of redis-py's pool between reads."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import redis

from feature_store.online.connection.online_store import OnlineStore
from feature_store.online.connection.open import open_online_store
from feature_store.online.connection.round_trip import Commands, packed_command
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer, redis_server
from support.servers.tcp_proxy import cutting_proxy


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        for number in range(100):
            running.db.set(f"fs:{number}", number)
        yield running


def gets(*numbers: int) -> Commands:
    words = [("GET", f"fs:{number}") for number in numbers]
    return Commands(lambda: words, lambda: "".join(map(packed_command, words)).encode(), len(words))


def read(store: OnlineStore, *numbers: int) -> None:
    assert store.round_trip(gets(*numbers)) == [*map(str, numbers)]


def test_reads_share_one_connection(things: TinyStore, server: RedisServer):
    with cutting_proxy(server.port) as proxy:
        with open_online_store(things.settings(proxy.url)) as store:
            for number in range(5):
                read(store, number, number + 1)
            assert proxy.connections <= 2  # and perhaps one of its own for the ping
        time.sleep(0.1)
        connected = server.db.client_list()
    assert len(connected) == 1  # the test's: the others were closed with the store


def test_threads_that_read_at_the_same_time(things: TinyStore, server: RedisServer):
    together = Barrier(20)

    def read_often(thread: int) -> None:
        together.wait()
        for number in range(50):
            read(store, *range(number, number + thread))

    with open_online_store(things.settings(server.tcp_url)) as store:
        with ThreadPoolExecutor(20) as threads:
            assert [*threads.map(read_often, range(1, 21))] == [None] * 20
        store.client.ping()


@pytest.mark.parametrize("limit", [1, 2])
def test_a_limit_of_connections(things: TinyStore, server: RedisServer, limit: int):
    """Other commands of the same client need a connection too."""
    url = f"{server.tcp_url}?max_connections={limit}"
    with open_online_store(things.settings(url)) as store:
        for number in range(3):
            read(store, number)
            assert store.client.ping()


def test_the_server_closes_an_idle_connection(things: TinyStore, server: RedisServer):
    """It is noticed before anything is sent: there is no wait for a retry."""
    with open_online_store(things.settings(server.tcp_url)) as store:
        read(store, 1)
        fastest = 1.0
        for _ in range(5):
            server.db.client_kill_filter(_type="normal", skipme=True)
            began = time.perf_counter()
            read(store, 1, 2)
            fastest = min(fastest, time.perf_counter() - began)
        assert fastest < 0.1


def test_replies_that_nobody_waits_for(things: TinyStore, server: RedisServer):
    """A connection with something unread is not used again."""
    with open_online_store(things.settings(server.tcp_url)) as store:
        read(store, 1)
        [kept] = store.client.connection_pool._in_use_connections
        kept.send_command("GET", "fs:99")
        time.sleep(0.1)
        read(store, 2, 3)


def test_a_server_that_is_started_again(things: TinyStore, server: RedisServer):
    with open_online_store(things.settings(server.unix_url)) as store:
        read(store, 1)
        server.process.kill()
        server.process.wait()
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(redis.ConnectionError):
                store.round_trip(gets(1))
        assert time.monotonic() - began < 10
        server.start()
        server.db.set("fs:7", 7)
        read(store, 7)


def test_a_closed_client_connects_again(things: TinyStore, server: RedisServer):
    with open_online_store(things.settings(server.tcp_url)) as store:
        read(store, 1)
        store.client.close()
        read(store, 2)


def test_a_forked_process_has_its_own(things: TinyStore, server: RedisServer):
    with open_online_store(things.settings(server.tcp_url)) as store:
        read(store, *range(50))
        child = os.fork()
        if not child:
            try:
                for number in range(50):
                    read(store, number)
                os._exit(0)
            finally:
                os._exit(1)
        for number in range(50, 100):
            read(store, number)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_an_error_reply_leaves_a_usable_connection(things: TinyStore, server: RedisServer):
    server.db.hset("fs:hash", "a", "b")
    words = [("GET", "fs:hash"), ("GET", "fs:1")]
    data = "".join(map(packed_command, words)).encode()
    with open_online_store(things.settings(server.tcp_url)) as store:
        error, value = store.round_trip(Commands(lambda: words, lambda: data, 2))
        assert str(error).startswith("WRONGTYPE")
        assert value == "1"
        server.db.set("fs:bytes", b"\xff")
        words[1] = ("GET", "fs:bytes")
        with pytest.raises(UnicodeDecodeError):
            store.round_trip(
                Commands(lambda: words, lambda: "".join(map(packed_command, words)).encode(), 2)
            )
        read(store, 1, 2)
