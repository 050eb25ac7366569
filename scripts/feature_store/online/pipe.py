"""Sending buffers of commands to one Redis server, and checking that each was obeyed."""

from __future__ import annotations

import redis

from feature_store.errors import FeatureStoreError
from feature_store.online.refusals import refusal

#: Bytes asked of the socket at once.
_CHUNK = 1 << 16


class CommandPipe:
    """A stream of ready-made commands over one of redis-py's own connections.

    The connection, with its TLS, login and timeouts, is the library's; only the replies are counted
    here instead of being parsed one by one. Every reply to the commands of an export is a status or
    an integer, so a reply is a line, and a line that begins with ``-`` is an error.

    Args:
        client: whose connection pool lends the connection.
        where: what is sent, for the errors.
    """

    def __init__(self, client: redis.Redis, where: str):
        self._where = where
        self._pool = client.connection_pool
        self._connection = self._pool.get_connection()
        self._awaited = 0
        self._rest = b"\n"

    def __enter__(self) -> CommandPipe:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # With replies still on their way the connection is of no use to anybody else.
        if kind is not None or self._awaited:
            self._connection.disconnect()
        self._pool.release(self._connection)

    def send(self, commands: memoryview, reply_lines: int) -> None:
        """Send commands; read what has to be answered of the ones before meanwhile.

        Args:
            commands: whole commands, in the protocol's bytes.
            reply_lines: the number of lines that the server will answer them with.

        Raises:
            FeatureStoreError: the server answered with an error.
            redis.ConnectionError: the connection broke.
        """
        self._connection.send_packed_command([commands])
        earlier, self._awaited = self._awaited, self._awaited + reply_lines
        if earlier:
            self._read(self._awaited - earlier)

    def drain(self) -> None:
        """Wait for the replies to everything that was sent.

        Raises:
            FeatureStoreError: the server answered with an error, or with more than was asked.
            redis.ConnectionError: the connection broke.
        """
        self._read(0)
        if self._awaited:
            raise FeatureStoreError(
                f"{self._where}: the Redis server sent {-self._awaited} lines more than it was "
                "asked for: something between here and the server changes the commands",
                next_step="connect without that",
            )

    def _read(self, leave: int) -> None:
        """Read replies until at most ``leave`` lines are still awaited."""
        while self._awaited > leave:
            data = self._receive()
            # The byte before makes an error visible that begins with this piece.
            at = (self._rest + data).find(b"\n-")
            if at >= 0:
                raise self._error((self._rest + data)[at + 2 :])
            self._awaited -= data.count(b"\n")
            self._rest = data[-1:]

    def _receive(self) -> bytes:
        try:
            data = self._connection._sock.recv(_CHUNK)
        except TimeoutError as error:
            raise redis.TimeoutError("the server did not answer in time") from error
        except OSError as error:
            raise redis.ConnectionError(
                f"the connection broke: {error.strerror or error}"
            ) from error
        if not data:
            raise redis.ConnectionError("the server closed the connection")
        return data

    def _error(self, text: bytes) -> FeatureStoreError:
        while b"\r\n" not in text:
            text += self._receive()
        self._awaited = max(self._awaited, 1)
        return refusal(self._where, text.split(b"\r\n")[0].decode(errors="replace"))
