"""Tests of the online store over TLS, with trusted and untrusted certificates."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from feature_store import FeatureStoreError
from support.projects.customers_store import export_customers
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer, redis_server
from support.servers.tls_proxy import Authority, tls_cluster, tls_proxy

pytestmark = pytest.mark.slow

REQUEST = ([{"customer_id": 1}], ["customer_purchases:v1", "customer_profile"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority for the servers' certificates."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Return a server with a user that may read and write."""
    with redis_server() as running:
        with running.client() as client:
            client.execute_command("ACL SETUSER", "app", "on", ">p/w", "~*", "+@all")
        yield running


@pytest.fixture(scope="module")
def url(server: RedisServer, authority: Authority) -> Iterator[str]:
    """Return the address of the server's TLS port, with user and password."""
    with tls_proxy(server.port, authority) as proxy:
        yield proxy.url.replace("://", "://app:p%2Fw@")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, url: str, authority: Authority) -> TinyStore:
    return export_customers(tmp_path_factory.mktemp("tiny"), f"{url}?{authority.option}")


def error_of(tiny: TinyStore, url: str) -> str:
    with pytest.raises(FeatureStoreError) as caught:
        tiny.read(url, *REQUEST)
    assert "p%2Fw" not in str(caught.value)
    assert "p/w" not in str(caught.value)
    return str(caught.value)


def test_what_was_exported_over_tls_is_read_over_tls(
    tiny: TinyStore, server: RedisServer, url: str, authority: Authority
):
    expected = tiny.read(server.unix_url, *REQUEST)
    assert expected.rows[0]["customer_profile:name"] == "Zoë"
    assert tiny.read(f"{url}?{authority.option}", *REQUEST) == expected
    assert tiny.read(f"{url}?ssl_cert_reqs=none&ssl_check_hostname=false", *REQUEST) == expected


def test_a_certificate_that_is_not_trusted(tiny: TinyStore, url: str, tmp_path: Path):
    for option in ("", f"?{Authority(tmp_path).option}"):
        shown = error_of(tiny, url + option)
        assert shown.startswith(f"{url.replace('app:p%2Fw@', '')}: the connection failed: ")
        assert "CERTIFICATE_VERIFY_FAILED" in shown
        assert "Next: name the certificate of the authority that signed the server's: " in shown
        assert "?ssl_ca_certs=/path/ca.pem" in shown


def test_a_certificate_of_another_host(tiny: TinyStore, server: RedisServer, tmp_path: Path):
    other = Authority(tmp_path, hosts=("redis.example",))
    with tls_proxy(server.port, other) as proxy:
        shown = error_of(tiny, f"{proxy.url}?{other.option}")
        assert "Next: use the name that the server's certificate was made for" in shown
        unchecked = f"{proxy.url}?{other.option}&ssl_check_hostname=false"
        assert tiny.read(unchecked, *REQUEST).rows


def test_a_server_that_wants_a_certificate(tiny: TinyStore, server: RedisServer, tmp_path: Path):
    strict = Authority(tmp_path, needs_client=True)
    with tls_proxy(server.port, strict) as proxy:
        url = f"{proxy.url}?{strict.option}"
        assert tiny.read(f"{url}&{strict.client_option}", *REQUEST).rows
        assert "the connection failed" in error_of(tiny, url)
    with handshakes(strict.context) as port:
        shown = error_of(tiny, f"rediss://127.0.0.1:{port}?{strict.option}")
    assert "Next: the server wants a certificate from you: ?ssl_certfile=" in shown


@contextmanager
def handshakes(context: ssl.SSLContext) -> Iterator[int]:
    """Reject clients with an alert of TLS, as a Redis server does, and asyncio's servers do not."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                reject(listener.accept()[0])

    def reject(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True, do_handshake_on_connect=False) as tls:
            with suppress(OSError):
                tls.do_handshake()
            with suppress(OSError):
                while socket.socket.recv(tls, 4096):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_wrong_password_and_the_wrong_port(
    tiny: TinyStore, server: RedisServer, url: str, authority: Authority
):
    shown = error_of(tiny, f"{url.replace('p%2Fw', 'wr0ng')}?{authority.option}")
    assert "refused a command: WRONGPASS" in shown
    plain = f"rediss://127.0.0.1:{server.port}?socket_timeout=0.5"
    shown = error_of(tiny, f"{plain}&{authority.option}")
    assert "Next: start the server or correct REDIS_URL (TLS)" in shown
    shown = error_of(tiny, url.replace("rediss", "redis"))
    assert "Next: start the server or correct REDIS_URL (without TLS)" in shown


def test_a_cluster_over_tls(tiny: TinyStore, server: RedisServer, authority: Authority):
    with tls_cluster(authority, password="p/w") as cluster_url:
        tiny.export(cluster_url)
        assert tiny.read(cluster_url, *REQUEST) == tiny.read(server.unix_url, *REQUEST)
        shown = error_of(tiny, cluster_url.partition("?")[0])
        assert "CERTIFICATE_VERIFY_FAILED" in shown
        assert "?ssl_ca_certs=/path/ca.pem" in shown
