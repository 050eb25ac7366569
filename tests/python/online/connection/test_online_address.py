"""Tests of the addresses of online stores: parsing, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.address import describe_address, parse_address
from feature_store.online.connection.open import describe_server, open_online_store
from feature_store.settings import Settings

pytestmark = pytest.mark.unit

#: What an address cannot hold as it is, with text that is no part of any message.
SECRETS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map("§{}§".format)
#: Addresses with a place for a password.
FORMS = (
    "redis://:{}@host:6379/0",
    "redis://user:{}@host",
    "rediss://{}@host:6380/0?socket_timeout=60",
    "unix://:{}@/run/redis.sock",
    "redis-cluster://user:{}@host1:7000,host2:7000",
    "rediss-cluster://:{}@host1,host2/0",
    "redis-sentinel://user:{}@host1:26379,host2/service/2",
    "redis-sentinel://host/service?sentinel_password={}",
    "redis://host?password={}",
    "rediss://host/0?ssl_password={}",
    "redis://host?db={}",
    "redis://host/{}",
    "redis-cluster://:{0}@host1,:{0}@host2",
    "redis-sentinel://:12/{}@host/service",
    "unix://:12/{}@/run/redis.sock",
    "http://user:{}@host",
    "user:{}@host",
    "{}",
    "{}://host",
)


def settings(url: str) -> Settings:
    here = Path("nowhere")
    return Settings(here, "dev", here, here, redis_url=url, prefix="fs")


@pytest.mark.parametrize(
    ("url", "kind", "hosts", "options"),
    [
        ("redis://host", "server", [("host", 6379)], {}),
        ("redis://", "server", [("localhost", 6379)], {}),
        ("redis://:p%2Fw@host:1/3", "server", [("host", 1)], {"password": "p/w", "db": 3}),
        ("redis://u:a:b@h/", "server", [("h", 6379)], {"username": "u", "password": "a:b"}),
        ("redis://[::1]:7000?db=2", "server", [("::1", 7000)], {"db": 2}),
        ("unix:///run/a%20b.sock?db=1", "socket", [], {"path": "/run/a b.sock", "db": 1}),
        ("redis-cluster://h1:1,h2:2/0", "cluster", [("h1", 1), ("h2", 2)], {}),
        ("redis-cluster://[::1]:1,[::2]", "cluster", [("::1", 1), ("::2", 6379)], {}),
        (
            "rediss-cluster://u:p@h1,h2/?socket_timeout=1.5&ssl_check_hostname=false",
            "cluster",
            [("h1", 6379), ("h2", 6379)],
            {"username": "u", "password": "p", "socket_timeout": 1.5, "ssl_check_hostname": False},
        ),
        ("redis-sentinel://h1:1,h2/main", "sentinel", [("h1", 1), ("h2", 26379)], {}),
        ("redis-sentinel://:p@h/main/2", "sentinel", [("h", 26379)], {"password": "p", "db": 2}),
    ],
)
def test_what_is_read(url: str, kind: str, hosts: list[tuple[str, int]], options: dict):
    address = parse_address(url)
    assert (address.kind, list(address.hosts), dict(address.options)) == (kind, hosts, options)
    assert address.tls == url.startswith("rediss")
    assert address.service == ("main" if kind == "sentinel" else "")


def test_the_login_at_sentinels_is_their_own():
    address = parse_address(
        "redis-sentinel://u:p@h/s?sentinel_username=w&sentinel_password=x%26y&socket_timeout=9"
    )
    assert address.options == {"username": "u", "password": "p", "socket_timeout": 9}
    assert address.sentinel_options == {"username": "w", "password": "x&y"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://u:p@host:6379/0?socket_timeout=1", "redis://host:6379/0"),
        ("rediss-cluster://u:p@h1:1,[::1]:2", "rediss-cluster://h1:1,[::1]:2"),
        ("redis-sentinel://u:p@h1:1,h2/s/0?sentinel_password=x", "redis-sentinel://h1:1,h2/s/0"),
        ("unix://u:p@/run/redis.sock", "unix:///run/redis.sock"),
        ("http://u:p@host", "an address with http"),
        ("u:p@host", "an address with no scheme"),
        ("redis://:p/w@host", "an address with redis"),
        ("redis://host:port", "an address with redis"),
    ],
)
def test_the_address_that_is_shown(url: str, shown: str):
    assert describe_address(url) == describe_server(settings(url)) == shown


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("redis-cluster://h1,h2/3", "a Redis Cluster has no other database than 0"),
        ("redis-cluster://h1,h2?db=3", "a Redis Cluster has no other database than 0"),
        ("redis-sentinel://h1,h2", "the name of the service"),
        ("redis-sentinel://h1,h2/", "the name of the service"),
        ("redis-sentinel://h1/s/x", "the database after the host is not a number"),
        ("redis://host/x", "the database after the host is not a number"),
        ("redis://h1,h2", "several hosts are a Cluster's or Sentinels'"),
        ("redis-cluster://h1,,h2", "a host is missing"),
        ("redis-cluster://", "a host is missing"),
        ("redis-cluster://:p@h1,:p@h2", "are given once, before the first host"),
        ("redis-cluster://h1:99999", "a port is not a number up to 65535"),
        ("redis://host:0", "a port is not a number up to 65535"),
        ("unix://run/redis.sock", "the path of a socket begins with /"),
        ("redis://host?sentinel_password=x", "there are no Sentinels"),
        ("redis://host?protocol=3", "options after the ? are, each once, username, "),
        ("redis://host?db=1&db=2", "options after the ? are, each once, "),
        ("redis://host?socket_timeout=", "an option has no value"),
        ("redis://host?socket_timeout=-1", "socket_timeout is not above 0"),
        ("redis://host?socket_timeout=nan", "socket_timeout is not above 0"),
        ("redis://host?socket_timeout=x", ""),
        ("redis://host?socket_timeout", ""),
        ("redis://host?ssl_check_hostname=no", "ssl_… options are for rediss"),
        ("rediss://host?ssl_cert_reqs=perhaps", ""),
        ("rediss://host?ssl_ca_certs=/no/ca.pem", "ssl_ca_certs: there is no file /no/ca.pem"),
        ("unix:///run/redis.sock?ssl_password=x", "ssl_… options are for rediss"),
        ("redis://ho st", ""),
        ("redis ://host", ""),
        ("redis://host#x", ""),
        ("", ""),
    ],
)
def test_addresses_that_cannot_be_read(url: str, reason: str):
    with pytest.raises(FeatureStoreError) as caught:
        parse_address(url)
    assert caught.value.what.startswith("REDIS_URL: cannot be read: ")
    assert reason in caught.value.what
    assert "redis-cluster://host1:7000,host2:7000" in str(caught.value)


@given(form=st.sampled_from(FORMS), secret=SECRETS)
@example(form=FORMS[0], secret="§a/b?c#d@e§")
def test_no_secret_is_shown_however_it_is_written(form: str, secret: str):
    for written in (secret, quote(secret, safe=""), quote(secret)):
        url = form.format(written)
        shown = describe_server(settings(url)) + repr(settings(url))
        try:
            address = parse_address(url)
            shown += repr(address) + address.shown
        except FeatureStoreError as error:
            shown += str(error) + repr(error) + repr(error.__cause__)
        for part in ("§", quote("§")):
            assert part not in shown, (url, shown)


@given(secret=SECRETS, user=SECRETS)
def test_a_password_that_is_encoded_arrives_as_it_is(secret: str, user: str):
    login = f"{quote(user, safe='')}:{quote(secret, safe='')}"
    for form in ("redis://{}@h", "redis-cluster://{}@h,i", "redis-sentinel://{}@h,i/s"):
        options = parse_address(form.format(login)).options
        assert (options["username"], options["password"]) == (user, secret)


def test_an_error_while_connecting_shows_no_secret():
    url = "redis-cluster://user:t0p-secret@127.0.0.1:1,127.0.0.1:2"
    expected = pytest.raises(FeatureStoreError, match="the connection failed")
    with expected as caught, open_online_store(settings(url)):
        pass
    chain: BaseException | None = caught.value
    while chain:
        assert "t0p-secret" not in str(chain) + repr(chain)
        chain = chain.__cause__ or chain.__context__
