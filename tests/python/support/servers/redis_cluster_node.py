"""One node of a real Redis Cluster, as a process."""

from __future__ import annotations

import random
import socket

from support.servers.redis_server import RedisServer
from support.servers.tcp_proxy import TcpProxy

#: A node talks to the others on its port plus this.
_BUS = 10_000


class Node(RedisServer):
    """A node of a Cluster; it has the same port whenever it is started.

    Args:
        password: of the default user.
        front: a proxy before the node, whose port the node announces to clients.
        options: of ``redis-server``.
    """

    def __init__(self, password: str | None, front: TcpProxy | None, *options: str):
        self.port, self.front = 0, front
        login = ["--requirepass", password, "--masterauth", password] if password else []
        super().__init__(
            "--cluster-enabled", "yes", "--appendonly", "yes", *login, *options, password=password
        )
        self.id = self.call("CLUSTER MYID")

    def _choose_port(self) -> int:
        while not self.port:
            # Both ports are below those that the system gives to outgoing connections.
            port = random.randint(12_000, 22_000)
            with socket.socket() as client, socket.socket() as bus:
                try:
                    client.bind(("127.0.0.1", port))
                    bus.bind(("127.0.0.1", port + _BUS))
                except OSError:
                    continue
            return port
        return self.port

    @property
    def public_port(self) -> int:
        """The port for clients."""
        return self.front.port if self.front else self.port

    def _first_arguments(self) -> list[str]:
        if not self.front:
            return []
        self.front.target_port = self.port
        ports = {"--cluster-announce-port": self.front.port}
        ports["--cluster-announce-bus-port"] = self.port + _BUS
        return [str(word) for option in ports.items() for word in option]

    def start(self) -> None:
        """Start the node on the data that it left."""
        super().start()
        self.runs = True

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        super().kill()
        self.runs = False

    @property
    def is_primary(self) -> bool:
        """Whether the node takes itself for a primary."""
        return self.call("INFO", "replication")["role"] == "master"
