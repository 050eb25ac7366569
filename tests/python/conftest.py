"""Fixtures of more than one module: the sample and its export, servers, a tiny project."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from feature_store.registry.definitions import FeatureDefinitions, load_definitions
from feature_store.settings import Settings, load_settings
from support.projects.history_store import HistoryStore, history_store
from support.projects.things_store import things_store
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer, redis_server, run_script, script_environment

#: Audit events of Python when a process is started.
PROCESS_STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn"}
#: The id of the running test with the mark ``unit``.
_running_unit_test: str | None = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow the tests that need the built sample."""
    for item in items:
        if "sample" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test with the mark ``unit`` fail where it or a fixture of it starts a process."""
    global _running_unit_test
    _running_unit_test = item.nodeid if item.get_closest_marker("unit") else None
    try:
        return (yield)
    finally:
        _running_unit_test = None


def _refuse_processes(event: str, _: object) -> None:
    if _running_unit_test and event in PROCESS_STARTS:
        raise AssertionError(f"{_running_unit_test} is marked unit and starts a process: {event}")


sys.addaudithook(_refuse_processes)


@pytest.fixture(scope="session")
def sample() -> Settings:
    """Return the settings of the sample's target."""
    return load_settings()


@pytest.fixture(scope="session")
def definitions(sample: Settings) -> FeatureDefinitions:
    """Return the sample's feature views."""
    return load_definitions(sample.target_path / "manifest.json")


@pytest.fixture(scope="session")
def sample_server() -> Iterator[RedisServer]:
    """Return a server with a password, for the sample's export."""
    with redis_server("--requirepass", "t0p-secret") as running:
        yield running


@pytest.fixture(scope="session")
def url(sample_server: RedisServer) -> str:
    """Return that server's address, with its password."""
    return f"redis://:t0p-secret@127.0.0.1:{sample_server.port}/0"


@pytest.fixture(scope="session")
def exported(url: str) -> str:
    """Export the whole sample, and return what the script printed."""
    done = run_script("export_to_redis.py", environment=script_environment(REDIS_URL=url))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisServer]:
    """Return a server that the module's tests share."""
    with redis_server() as running:
        yield running


@pytest.fixture
def server(shared: RedisServer) -> RedisServer:
    """Return an empty server."""
    with shared.client() as client:
        client.flushall()
        client.config_resetstat()
    return shared


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    """Return a server that the test may harm; it keeps what it was told when it is killed."""
    with redis_server("--appendonly", "yes") as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    """Return a project with one view of three rows."""
    return things_store(tmp_path / "tiny")


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> HistoryStore:
    """Return a project whose feature tables and snapshots have rows of several days."""
    return history_store(tmp_path_factory)


@pytest.fixture
def changing_history(history: HistoryStore) -> Iterator[HistoryStore]:
    """Return the same project for a test that changes its manifest, which is restored."""
    manifest = history.folder / "target" / "manifest.json"
    kept = manifest.read_text()
    yield history
    manifest.write_text(kept)
