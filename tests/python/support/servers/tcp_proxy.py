"""A TCP proxy in front of a real server: it can end TLS, or cut, stall and hold its replies."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import ssl
import struct
import termios
import threading
from contextlib import closing, suppress
from typing import Literal

_CHUNK = 1 << 16
#: Closing a socket with this option sends RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)

Cut = Literal["reset", "close", "stall"]


class TcpProxy:
    """A proxy on a free loopback port, run by a thread of its own.

    Args:
        target_port: the server's loopback port.
        context: certificate and key, if clients are to talk TLS to the proxy.

    Attributes:
        port: where clients connect.
        connections: number of connections that clients made.
        cuts: number of connections that were cut or stalled.
        reply_bytes: number of bytes of replies that were passed on, over all connections.
    """

    def __init__(self, target_port: int, context: ssl.SSLContext | None = None):
        self.target_port, self._context = target_port, context
        self.connections = self.cuts = self.reply_bytes = 0
        self._set_cut(0, "reset", 0)
        self._gates: list[asyncio.Event] = []
        self._word, self._awaited, self._requests = b"", 0, b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"{'rediss' if self._context else 'redis'}://127.0.0.1:{self.port}/0"

    def cut_after(self, reply_bytes: int, how: Cut = "reset", times: int = 1) -> None:
        """Cut the connection on which this many more bytes of replies have been passed on.

        Args:
            reply_bytes: exactly what clients still get, counted over all connections.
            how: ``reset`` (RST), ``close`` (FIN), or ``stall``: the client gets nothing more on a
                connection that stays open.
            times: how often, each time after as many bytes; 0 to stop it.
        """

        async def in_the_thread() -> None:
            self._set_cut(reply_bytes, how, times)

        asyncio.run_coroutine_threadsafe(in_the_thread(), self._loop).result()

    def hold(self, word: bytes, times: int) -> None:
        """Hold the replies of every open connection back until its client has sent a word.

        A client that waits for a reply before has waited in vain. Connections that are made from
        now on are let through.

        Args:
            word: the word.
            times: how often it must have been sent.
        """

        async def in_the_thread() -> None:
            self._word, self._awaited, self._requests = word, times, b""
            for gate in self._gates:
                gate.clear()

        asyncio.run_coroutine_threadsafe(in_the_thread(), self._loop).result()

    def _set_cut(self, reply_bytes: int, how: Cut, times: int) -> None:
        self._left = self._cut_bytes = reply_bytes
        self._how, self._times = how, times

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        # A client that refuses the certificate is none of the test's output.
        self._loop.set_exception_handler(lambda *_: None)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, sock=self._listener, ssl=self._context)
        )
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        gate = asyncio.Event()
        gate.set()
        self._gates.append(gate)
        requests = asyncio.ensure_future(self._pass_requests(reader, to_server, gate))
        try:
            with suppress(OSError):
                how = await self._pass_replies(from_server, writer, gate)
                if how == "reset":
                    await _reset(writer)
                elif how == "close":
                    writer.write_eof()
                    await requests  # closing with something unread would be a reset
                elif how == "stall":
                    await requests
        finally:
            requests.cancel()
            to_server.close()
            writer.close()

    async def _pass_requests(
        self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if self._awaited:
                    self._requests += chunk
                    if self._requests.count(self._word) >= self._awaited:
                        gate.set()
                to_server.write(chunk)
                await to_server.drain()
            to_server.write_eof()

    async def _pass_replies(
        self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
    ) -> Cut | None:
        """Pass on replies until the server ends, or until this connection is to be cut."""
        while chunk := await from_server.read(_CHUNK):
            await gate.wait()
            is_last = self._times > 0 and len(chunk) >= self._left
            if self._times:
                chunk = chunk[: self._left]
                self._left -= len(chunk)
            if is_last:
                self._times, self._left = self._times - 1, self._cut_bytes
                self.cuts += 1
            if chunk:
                self.reply_bytes += len(chunk)
                writer.write(chunk)
                await writer.drain()
            if is_last:
                return self._how
        return None

    def close(self) -> None:
        """Close the port and every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


async def _reset(writer: asyncio.StreamWriter) -> None:
    """Send RST once the client's system has everything; it would drop what is on its way."""
    to_client = writer.get_extra_info("socket")
    while writer.transport.get_write_buffer_size() or _unacknowledged(to_client):
        await asyncio.sleep(0.001)
    to_client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


def _unacknowledged(connection: socket.socket) -> int:
    """Return the number of bytes that were sent and not yet received."""
    [count] = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))
    return count


def cutting_proxy(target_port: int) -> closing[TcpProxy]:
    """Run a proxy that passes on everything until :meth:`TcpProxy.cut_after` says otherwise."""
    return closing(TcpProxy(target_port))
