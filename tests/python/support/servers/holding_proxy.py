"""A proxy that holds the replies of a server back until all commands have come."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, suppress

from support.servers.redis_server import TIMEOUT


class HoldingProxy:
    """Forwards one connection after the other to a port.

    Args:
        port: of the server, on loopback.
    """

    def __init__(self, port: int):
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._gates: list[threading.Event] = []
        self._word, self._awaited, self._asked = b"\0", 0, b""
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, word: bytes, times: int) -> None:
        """Hold replies back until the client has sent a word that often.

        A client that waits for a reply before has waited in vain. Connections that are made from
        now on are let through.
        """
        self._word, self._awaited, self._asked = word, times, b""
        for gate in self._gates:
            gate.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                gate = threading.Event()
                gate.set()
                self._gates.append(gate)
                for pump in (self._ask, self._answer):
                    ends = (client, server, gate)
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, gate: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                self._asked += data
                if self._asked.count(self._word) >= self._awaited:
                    gate.set()
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, client: socket.socket, server: socket.socket, gate: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 16):
                gate.wait(TIMEOUT)
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()


def holding_proxy(port: int) -> closing[HoldingProxy]:
    """Run a proxy for the length of a ``with`` block."""
    return closing(HoldingProxy(port))
