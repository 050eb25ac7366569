"""Fixtures of the tests of reading: one export of the customers, and the store of a notebook."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feature_store import FeatureStore
from support.projects.customers_store import export_customers, open_feature_store
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer


@pytest.fixture(scope="module")
def server(shared: RedisServer) -> RedisServer:
    """Return a server that keeps its data from test to test."""
    return shared


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, server: RedisServer) -> TinyStore:
    return export_customers(tmp_path_factory.mktemp("tiny"), server.unix_url)


@pytest.fixture
def store(tiny: TinyStore, server: RedisServer) -> Iterator[FeatureStore]:
    """Return the feature store as a notebook sees it."""
    with open_feature_store(tiny, server.tcp_url) as opened:
        yield opened
