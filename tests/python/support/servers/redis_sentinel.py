"""A real primary with a replica, watched by real Sentinels, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import redis

from support.servers.redis_server import RedisServer, free_port, wait_for

SERVICE = "features"


class FixedServer(RedisServer):
    """A server that has the same port whenever it is started."""

    def __init__(self, *options: str, password: str | None = None):
        self.port = 0
        self.password = password
        super().__init__(*options)

    def _choose_port(self) -> int:
        return self.port or free_port()

    def client(self, **options: Any) -> redis.Redis:
        """Return a client with the password that decodes text."""
        return super().client(**{"password": self.password} | options)

    def call(self, *command: Any) -> Any:
        """Send one command to the server, and return the reply."""
        return self.db.execute_command(*command)


class SentinelServer(FixedServer):
    """A Sentinel.

    Args:
        watched: the primary.
        quorum: Sentinels that must agree that the primary is down.
        down_after_ms: after this long without a reply it counts as down.
        password: of the Sentinel itself.
    """

    def __init__(self, watched: FixedServer, quorum: int, down_after_ms: int, password: str | None):
        lines = {
            "monitor": f"127.0.0.1 {watched.port} {quorum}",
            "down-after-milliseconds": f"{down_after_ms}",
            "failover-timeout": "5000",
        }
        if watched.password:
            lines["auth-pass"] = f'"{watched.password}"'
        # In its file from the start: it would log in without the password otherwise.
        self._configuration = "".join(
            f"sentinel {name} {SERVICE} {value}\n" for name, value in lines.items()
        )
        login = ["--requirepass", password] if password else []
        super().__init__("--sentinel", *login, password=password)

    def _first_arguments(self) -> list[str]:
        path = self.folder / "sentinel.conf"
        if not path.exists():
            path.write_text(self._configuration)  # and it keeps there what it learns
        return [str(path)]

    def primary_port(self) -> int:
        """Return the port of the primary that the Sentinel knows.

        While a failover is under way, GET-MASTER-ADDR-BY-NAME names the new one before.
        """
        return int(self.call("SENTINEL MASTERS")[SERVICE]["port"])

    def is_ready(self, other_sentinels: int, replica: FixedServer) -> bool:
        """Return whether it could fail over to the replica, with the other Sentinels' votes."""
        if self.call("SENTINEL MASTERS")[SERVICE]["num-other-sentinels"] != other_sentinels:
            return False
        known = {int(row["port"]): row for row in self.call("SENTINEL REPLICAS", SERVICE)}
        state = known.get(replica.port, {})
        return (state.get("flags"), state.get("master-link-status")) == ("slave", "ok")


class Sentinels:
    """A primary, a replica, and the Sentinels that watch them.

    Args:
        count: number of Sentinels; more than half of them must agree on a failover.
        password: of the data servers' default user.
        sentinel_password: of the Sentinels.
        down_after_ms: after this long without a reply the primary counts as down.
    """

    def __init__(
        self, count: int, password: str | None, sentinel_password: str | None, down_after_ms: int
    ):
        self.password, self.sentinel_password = password, sentinel_password
        self.sentinels: list[SentinelServer] = []
        self.servers: list[FixedServer] = []
        try:
            self._start(count, down_after_ms)
        except BaseException:
            self.stop()
            raise

    def _start(self, count: int, down_after_ms: int) -> None:
        login = ["--requirepass", self.password, "--masterauth", self.password]
        options = ["--appendonly", "yes", *(login if self.password else [])]
        self.servers += [FixedServer(*options, password=self.password) for _ in range(2)]
        self.primary, self.replica = self.servers
        self._follow()
        for _ in range(count):
            self.sentinels.append(
                SentinelServer(self.primary, count // 2 + 1, down_after_ms, self.sentinel_password)
            )
        # Sentinels tell each other of themselves by the primary, every two seconds.
        self.wait_until_ready()

    @property
    def url(self) -> str:
        """The address, with the passwords, which names every Sentinel."""
        return self.url_of(f":{quote(self.password, safe='')}@" if self.password else "")

    def url_of(self, login: str = "", database: int = 0) -> str:
        """Return the address with another login, as it stands before the hosts."""
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        secret = quote(self.sentinel_password or "", safe="")
        option = f"?sentinel_password={secret}" if secret else ""
        return f"redis-sentinel://{login}{hosts}/{SERVICE}/{database}{option}"

    def fail_over(self) -> None:
        """Kill the primary, and wait until the replica has taken its place."""
        self.primary.kill()
        self._wait_for_promotion()

    def switch_over(self) -> None:
        """Let primary and replica change places by hand, and wait until both know."""
        self.sentinels[0].call("SENTINEL FAILOVER", SERVICE)
        self._wait_for_promotion()
        self._follow()

    def bring_back(self) -> None:
        """Start the server that failed over, and wait until it follows the new primary."""
        self.replica.start()
        self._follow()

    def wait_until_ready(self) -> None:
        """Wait until the Sentinels could fail over.

        On a busy machine, they may have done so on their own: a server that did not run for a
        while counts as down.
        """
        for sentinel in self.sentinels:
            try:
                wait_for(lambda s=sentinel: self._is_ready(s), "Sentinel to be ready")
            except AssertionError as error:
                known = [
                    sentinel.call(f"SENTINEL {kind}", SERVICE)
                    for kind in ("MASTER", "REPLICAS", "SENTINELS")
                ]
                raise AssertionError(f"{error}, {self.replica.port}: {known}") from error

    def _is_ready(self, sentinel: SentinelServer) -> bool:
        if sentinel.primary_port() == self.replica.port:
            self.primary, self.replica = self.replica, self.primary
        return sentinel.is_ready(len(self.sentinels) - 1, self.replica)

    def _wait_for_promotion(self) -> None:
        self.primary, self.replica = self.replica, self.primary
        for sentinel in self.sentinels:
            wait_for(
                lambda s=sentinel: s.primary_port() == self.primary.port,
                "the replica to become the primary",
            )
        wait_for(
            lambda: self.primary.call("INFO", "replication")["role"] == "master",
            "the replica to become the primary",
        )

    def _follow(self) -> None:
        """Let the replica follow now, as a Sentinel makes it within ten seconds."""
        self.replica.call("REPLICAOF", "127.0.0.1", self.primary.port)

        def follows() -> bool:
            state = self.replica.call("INFO", "replication")
            port = state.get("master_port")
            return port == self.primary.port and state["master_link_status"] == "up"

        wait_for(follows, "the replica to copy the data")

    def stop(self) -> None:
        """End every process, and remove the data."""
        for server in (*self.sentinels, *self.servers):
            server.stop()


@contextmanager
def redis_sentinels(
    *,
    count: int = 1,
    password: str | None = None,
    sentinel_password: str | None = None,
    down_after_ms: int = 2000,
) -> Iterator[Sentinels]:
    """Run a primary, a replica and Sentinels for the length of a ``with`` block.

    It is ready after about one second with one Sentinel, and after three with several.
    """
    running = Sentinels(count, password, sentinel_password, down_after_ms)
    try:
        yield running
    finally:
        running.stop()
