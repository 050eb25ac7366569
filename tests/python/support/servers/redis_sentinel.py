"""A real primary with a replica, watched by a real Sentinel, on loopback."""

from __future__ import annotations

from contextlib import ExitStack, closing
from urllib.parse import quote

from support.servers.redis_server import RedisServer, free_port, wait_for

SERVICE = "features"


class FixedServer(RedisServer):
    """A server that has the same port whenever it is started."""

    port = 0

    def _choose_port(self) -> int:
        return self.port or free_port()


class SentinelServer(FixedServer):
    """A Sentinel.

    Args:
        watched: the primary.
        down_after_ms: after this long without a reply it counts as down.
        password: of the Sentinel itself.
    """

    def __init__(self, watched: FixedServer, down_after_ms: int, password: str | None):
        lines = {
            "monitor": f"127.0.0.1 {watched.port} 1",
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

    def is_ready(self, replica: FixedServer) -> bool:
        """Return whether it could fail over to the replica."""
        known = {int(row["port"]): row for row in self.call("SENTINEL REPLICAS", SERVICE)}
        state = known.get(replica.port, {})
        return (state.get("flags"), state.get("master-link-status")) == ("slave", "ok")


class Sentinels:
    """A primary, a replica, and the Sentinel that watches them.

    Args:
        password: of the data servers' default user.
        sentinel_password: of the Sentinel.
        down_after_ms: after this long without a reply the primary counts as down.
    """

    def __init__(self, password: str | None, sentinel_password: str | None, down_after_ms: int):
        self.password, self.sentinel_password = password, sentinel_password
        login = ["--requirepass", password, "--masterauth", password] if password else []
        with ExitStack() as stack:
            self.primary, self.replica = (
                stack.enter_context(closing(FixedServer(*options, password=password)))
                for options in [["--appendonly", "yes", *login]] * 2
            )
            self._follow()
            self.sentinel = SentinelServer(self.primary, down_after_ms, sentinel_password)
            stack.callback(self.sentinel.close)
            self.wait_until_ready()
            self.close = stack.pop_all().close

    @property
    def url(self) -> str:
        """The address, with the passwords."""
        return self.url_of(f":{quote(self.password, safe='')}@" if self.password else "")

    def url_of(self, login: str = "", database: int = 0) -> str:
        """Return the address with another login, as it stands before the hosts."""
        secret = quote(self.sentinel_password or "", safe="")
        option = f"?sentinel_password={secret}" if secret else ""
        return (
            f"redis-sentinel://{login}127.0.0.1:{self.sentinel.port}/{SERVICE}/{database}{option}"
        )

    def fail_over(self) -> None:
        """Kill the primary, and wait until the replica has taken its place."""
        self.primary.kill()
        self._wait_for_promotion()

    def switch_over(self) -> None:
        """Let primary and replica change places by hand, and wait until both know."""
        self.sentinel.call("SENTINEL FAILOVER", SERVICE)
        self._wait_for_promotion()
        self._follow()

    def bring_back(self) -> None:
        """Start the server that failed over, and wait until it follows the new primary."""
        self.replica.start()
        self._follow()

    def wait_until_ready(self) -> None:
        """Wait until the Sentinel could fail over.

        On a busy machine, it may have done so on its own: a server that did not run for a while
        counts as down.
        """

        def is_ready() -> bool:
            if self.sentinel.primary_port() == self.replica.port:
                self.primary, self.replica = self.replica, self.primary
            return self.sentinel.is_ready(self.replica)

        wait_for(is_ready, "Sentinel to be ready")

    def _wait_for_promotion(self) -> None:
        self.primary, self.replica = self.replica, self.primary
        wait_for(
            lambda: (
                self.sentinel.primary_port() == self.primary.port
                and self.primary.call("INFO", "replication")["role"] == "master"
            ),
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


def redis_sentinels(
    *,
    password: str | None = None,
    sentinel_password: str | None = None,
    down_after_ms: int = 2000,
) -> closing[Sentinels]:
    """Run a primary, a replica and a Sentinel for the length of a ``with`` block."""
    return closing(Sentinels(password, sentinel_password, down_after_ms))
