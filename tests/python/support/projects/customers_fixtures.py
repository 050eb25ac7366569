"""What the tests of reading share: one export of the customers, and the store as a notebook has it.

A test module takes these fixtures by importing them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feature_store import FeatureStore
from support.projects.customers_store import export_customers, open_feature_store
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Return a server that the module's tests share."""
    with redis_server() as running:
        yield running


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, server: RedisServer) -> TinyStore:
    """Return the project, exported to the server."""
    return export_customers(tmp_path_factory.mktemp("tiny"), server.unix_url)


@pytest.fixture
def store(tiny: TinyStore, server: RedisServer) -> Iterator[FeatureStore]:
    """Return the feature store as a notebook sees it."""
    with open_feature_store(tiny, server.tcp_url) as opened:
        yield opened
