"""The addresses of online stores: parsing ``REDIS_URL``, and showing it without secrets.

redis-py reads addresses of single servers. Clusters and Sentinels need more than one host, for
which there is no common form; here several hosts are separated by commas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

import redis
from redis.connection import parse_url

from feature_store.errors import FeatureStoreError

Kind = Literal["server", "socket", "cluster", "sentinel"]

_KINDS: dict[str, Kind] = {
    "redis": "server",
    "rediss": "server",
    "unix": "socket",
    "redis-cluster": "cluster",
    "rediss-cluster": "cluster",
    "redis-sentinel": "sentinel",
    "rediss-sentinel": "sentinel",
}
_ADDRESSES = (
    "redis://host:6379/0, rediss://user:password@host:6380/0, unix:///path, "
    "redis-cluster://host1:7000,host2:7000 or redis-sentinel://host1:26379,host2:26379/service/0"
)
_PORTS: dict[Kind, int] = {"server": 6379, "socket": 0, "cluster": 6379, "sentinel": 26379}
_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
_OPTIONS = (
    *("username", "password", "db", "client_name", "max_connections", "health_check_interval"),
    *("socket_timeout", "socket_connect_timeout", "socket_keepalive", "socket_read_size"),
    *(*_FILES, "ssl_ca_data", "ssl_password", "ssl_cert_reqs", "ssl_check_hostname"),
)
_SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
_POSITIVE = ("socket_timeout", "socket_connect_timeout", "socket_read_size", "max_connections")
_URL = re.compile(
    r"(?P<scheme>[a-z-]+)://(?:(?P<login>[^/?#\s]*)@)?(?P<hosts>[^/?#\s@]*)"
    r"(?P<path>/[^?#@]*)?(?:\?(?P<query>[^#@]*))?"
)
_DATABASE = re.compile(r"[0-9]*/?")


@dataclass(frozen=True)
class Address:
    """Where an online store is, and how to log in.

    Attributes:
        kind: a server by TCP or by its socket file, a Cluster, or a primary behind Sentinels.
        hosts: host and port of the server, of nodes of the Cluster, or of the Sentinels.
        options: redis-py's other options: login, database, timeouts, certificates.
        service: the name by which the Sentinels know the primary.
        sentinel_options: the login at the Sentinels.
        shown: the address without user, password and options.
    """

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    tls: bool
    options: Mapping[str, Any] = field(repr=False)
    service: str
    sentinel_options: Mapping[str, str] = field(repr=False)
    shown: str


class _UnreadableError(ValueError):
    """An error whose text holds no part of a secret."""


def parse_address(url: str) -> Address:
    """Read an address.

    Raises:
        FeatureStoreError: it cannot be read; the message holds no secret.
    """
    reason = ""
    try:
        return _parse(url)
    except _UnreadableError as error:
        reason = f": {error}"
    except (ValueError, TypeError, redis.RedisError):
        pass  # not its text, which may hold a part of the password
    raise FeatureStoreError(
        f"REDIS_URL: cannot be read: {describe_address(url)}{reason}",
        allowed=f"{_ADDRESSES}; special characters of a password are percent-encoded",
        next_step="correct REDIS_URL, or unset it to use the embedded server",
    )


def describe_address(url: str) -> str:
    """Return an address without user, password and options, whatever it looks like."""
    parts = _URL.fullmatch(url)
    if not parts or parts["scheme"] not in _KINDS:
        scheme, found, _ = url.partition("://")
        # The text before :// may be the password itself, if only that was given.
        known = scheme if scheme in (*_KINDS, "http", "https", "tcp") else "another scheme"
        return f"an address with {known if found else 'no scheme'}"
    kind, path = _KINDS[parts["scheme"]], parts["path"] or ""
    try:
        if kind in ("server", "cluster") and not _DATABASE.fullmatch(path.removeprefix("/")):
            raise ValueError(path)
        hosts = [_shown_host(*_host_and_port(host)) for host in parts["hosts"].split(",")]
    except ValueError:
        return f"an address with {parts['scheme']}"
    return f"{parts['scheme']}://{','.join(hosts)}{path}"


def _parse(url: str) -> Address:
    parts = _URL.fullmatch(url)
    if not parts or parts["scheme"] not in _KINDS:
        raise ValueError(url)
    kind, login = _KINDS[parts["scheme"]], parts["login"] or ""
    if "@" in login:
        raise _UnreadableError("the user and password are given once, before the first host")
    path, service, database = parts["path"] or "", "", ""
    if kind == "sentinel":
        service, _, database = path.removeprefix("/").partition("/")
        if not service:
            raise _UnreadableError("the name of the service that the Sentinels watch is missing")
    elif kind != "socket":
        database = path.removeprefix("/")
    if not _DATABASE.fullmatch(database):
        raise _UnreadableError("the database after the host is not a number")

    options, sentinel_options = _options(parts["query"])
    if sentinel_options and kind != "sentinel":
        raise _UnreadableError("there are no Sentinels in this address")
    if kind == "socket":
        if parts["hosts"] or not path:
            raise _UnreadableError("the path of a socket begins with /")
        hosts: tuple[tuple[str, int], ...] = ()
        options["path"] = unquote(path)
    else:
        names = parts["hosts"].split(",")
        if kind == "server" and len(names) > 1:
            raise _UnreadableError("several hosts are a Cluster's or Sentinels'")
        found = [_host_and_port(name) for name in names]
        if not all(host for host, _ in found) and (kind != "server" or found[0][1]):
            raise _UnreadableError("a host is missing")
        hosts = tuple((host or "localhost", port or _PORTS[kind]) for host, port in found)
        if database.strip("/"):
            options.setdefault("db", int(database.strip("/")))
    user, _, password = login.partition(":")
    options |= {"username": unquote(user)} if user else {}
    options |= {"password": unquote(password)} if password else {}
    if kind == "cluster" and options.pop("db", 0):
        raise _UnreadableError("a Redis Cluster has no other database than 0")
    tls = parts["scheme"].startswith("rediss")
    _check_options(kind, tls, options)
    return Address(
        kind, hosts, tls, options, unquote(service), sentinel_options, describe_address(url)
    )


def _host_and_port(text: str) -> tuple[str, int]:
    """Return a host and its port, 0 where there is none."""
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[^:\[\]]*)(?::([0-9]{1,5}))?", text)
    port = int(match[2] or 0) if match else -1
    if not match or port > 65_535 or (match[2] and not port):
        raise _UnreadableError("a port is not a number up to 65535")
    return unquote(match[1].strip("[]")), port


def _shown_host(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _options(query: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    given = parse_qsl(query or "", keep_blank_values=True, strict_parsing=bool(query))
    names = [name for name, _ in given]
    if not set(names) <= {*_OPTIONS, *_SENTINEL_OPTIONS} or len(set(names)) < len(names):
        raise _UnreadableError(f"options after the ? are, each once, {', '.join(_OPTIONS)}")
    if not all(value for _, value in given):
        raise _UnreadableError("an option has no value")
    options = parse_url(f"redis://?{query or ''}")
    sentinel = {
        name.removeprefix("sentinel_"): options.pop(name)
        for name in _SENTINEL_OPTIONS
        if name in options
    }
    for name in _POSITIVE:
        if name in options and not 0 < options[name] < 1e9:
            raise _UnreadableError(f"{name} is not above 0")
    for name in _FILES:
        if name in options and not Path(options[name]).exists():
            raise _UnreadableError(f"{name}: there is no file {options[name]}")
    return options, sentinel


def _check_options(kind: Kind, tls: bool, options: Mapping[str, Any]) -> None:
    """Let redis-py check the options' values, without connecting."""
    if not tls and any(name.startswith("ssl_") for name in options):
        raise _UnreadableError("ssl_… options are for rediss")
    # That one is the pool's.
    options = {name: value for name, value in options.items() if name != "max_connections"}
    if kind == "socket":
        redis.UnixDomainSocketConnection(**options)
    elif tls:
        redis.SSLConnection(**options)
    else:
        redis.Connection(**options)
