"""Fixtures of the tests of exports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore
from support.servers.export_process import ExportForker, export_forker
from support.servers.redis_server import RedisServer


@pytest.fixture(scope="package")
def forker() -> Iterator[ExportForker]:
    with export_forker() as running:
        yield running


@pytest.fixture
def project(
    request: pytest.FixtureRequest, tmp_path: Path, server: RedisServer, forker: ExportForker
) -> RandomStore:
    """Return a project of random rows that was not exported yet; the module says of how many."""
    entities = request.module.ENTITIES
    return RandomStore.make(
        tmp_path / "store", entities, forker, server.unix_url, lambda: server.db
    )
