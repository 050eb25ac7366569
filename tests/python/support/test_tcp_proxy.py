"""The proxy that cuts connections, on which other tests rely."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import redis

from support.servers.redis_server import RedisServer, redis_server, wait_for
from support.servers.tcp_proxy import Cut, TcpProxy, cutting_proxy

REPLY = b"$100000\r\n" + b"x" * 100_000 + b"\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Return a server with a large value."""
    with redis_server() as running:
        with running.client() as client:
            client.set("k", "x" * 100_000)
        yield running


@pytest.fixture(scope="module")
def proxy(server: RedisServer) -> Iterator[TcpProxy]:
    """Return a proxy before the server."""
    with cutting_proxy(server.port) as running:
        yield running


def proxy_client(proxy: TcpProxy) -> redis.Redis:
    return redis.Redis.from_url(proxy.url)


def ask(proxy: TcpProxy, times: int = 2) -> tuple[bytes, str]:
    """Ask for the value, and return all that comes, and how it ends."""
    received = b""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.3) as connection:
        connection.sendall(b"GET k\r\n" * times)
        try:
            while piece := connection.recv(1 << 16):
                received += piece
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "stall"
    return received, "close"


@pytest.mark.parametrize("how", ["reset", "close", "stall"])
@pytest.mark.parametrize("count", [0, 1, 5, 70_000, len(REPLY), len(REPLY) + 3])
def test_exactly_so_many_bytes_arrive(proxy: TcpProxy, how: Cut, count: int):
    cuts = proxy.cuts
    proxy.cut_after(count, how)
    assert ask(proxy) == ((REPLY + REPLY)[:count], how)
    assert proxy.cuts == cuts + 1
    with proxy_client(proxy) as client:
        assert client.strlen("k") == 100_000  # it was cut only once


def test_several_cuts_and_what_is_counted(server: RedisServer):
    with cutting_proxy(server.port) as proxy:
        proxy.cut_after(10, "close", times=2)
        for _ in range(2):
            assert ask(proxy) == (REPLY[:10], "close")
        assert ask(proxy, 1) == (REPLY, "stall")  # that is, nobody cuts or closes it
        assert (proxy.cuts, proxy.connections, proxy.reply_bytes) == (2, 3, 20 + len(REPLY))


def test_a_server_that_is_down_and_the_end_of_the_proxy():
    with redis_server() as own, cutting_proxy(own.port) as proxy:
        connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
        connection.sendall(b"PING\r\n")
        assert connection.recv(100) == b"+PONG\r\n"
        own.kill()
        assert connection.recv(100) == b""
        connection.close()
        wait_for(lambda: ask(proxy) in ((b"", "close"), (b"", "reset")), "no answer")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
