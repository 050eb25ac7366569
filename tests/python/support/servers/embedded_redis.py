"""Helpers for embedded servers: a data file, the process id, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import redis

from feature_store.online.connection.embedded import EmbeddedRedis
from support.servers.redis_server import wait_for


@contextmanager
def data_file_in(folder: Path) -> Iterator[Path]:
    """Give the data file of a server, and see to it that no server is left over the folder."""
    yield folder / "redis" / "dev.rdb"
    left = [
        process
        for process in psutil.process_iter(["name"])
        if process.info["name"] == "redis-server" and str(folder) in _folder(process)
    ]
    for process in left:
        process.kill()
    assert not left, f"a server was left over {folder}"


def _folder(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:
        return ""


@contextmanager
def opened(data_file: Path) -> Iterator[redis.Redis]:
    """Open the embedded server of a data file for the length of a ``with`` block."""
    store = EmbeddedRedis(data_file)
    client = store.open()
    try:
        yield client
    finally:
        store.close(client)


def pid_of(client: redis.Redis) -> int:
    """Return the process id of a client's server."""
    return client.info("server")["process_id"]


def assert_gone(pid: int) -> None:
    """Assert that a process ends."""
    wait_for(
        lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE,
        f"process {pid} to end",
    )
