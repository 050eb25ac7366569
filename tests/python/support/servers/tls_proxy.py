"""TLS in front of a plain Redis server, with certificates made for the test."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import trustme

from support.servers.redis_cluster import redis_cluster
from support.servers.tcp_proxy import TcpProxy


class Authority:
    """A certificate authority of its own, which no system trusts, and a server's certificate.

    Args:
        folder: where the authority's certificate is written.
        hosts: that the server's certificate is made for.
        needs_client: whether the server asks clients for a certificate of this authority.
    """

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[str] = ("127.0.0.1", "localhost"),
        *,
        needs_client: bool = False,
    ):
        authority = trustme.CA()
        self._path = folder / "authority.pem"
        authority.cert_pem.write_to_path(self._path)
        self._client_path = folder / "client.pem"
        client = authority.issue_cert("client.example")
        client.private_key_and_cert_chain_pem.write_to_path(self._client_path)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(*hosts).configure_cert(self.context)
        if needs_client:
            authority.configure_trust(self.context)
            self.context.verify_mode = ssl.CERT_REQUIRED

    @property
    def option(self) -> str:
        """The option of an address that makes a client trust this authority."""
        return f"ssl_ca_certs={quote(str(self._path), safe='')}"

    @property
    def client_option(self) -> str:
        """The options of an address that give the client a certificate of this authority."""
        path = quote(str(self._client_path), safe="")
        return f"ssl_certfile={path}&ssl_keyfile={path}"


def tls_proxy(target_port: int, authority: Authority) -> closing[TcpProxy]:
    """Run a proxy to which clients talk TLS, in front of a server's loopback port."""
    return closing(TcpProxy(target_port, authority.context))


@contextmanager
def tls_cluster(authority: Authority, password: str | None = None) -> Iterator[str]:
    """Run a Cluster of three primaries with TLS before each, and yield its address."""
    with ExitStack() as stack:
        fronts = [stack.enter_context(tls_proxy(0, authority)) for _ in range(3)]
        cluster = stack.enter_context(redis_cluster(password=password, fronts=fronts))
        yield f"{cluster.url.replace('redis-', 'rediss-')}/?{authority.option}"
