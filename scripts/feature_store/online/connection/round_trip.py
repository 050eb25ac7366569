"""One round trip to one server: ready-made commands there, their replies back.

redis-py spends more time on packing commands and on handing replies from layer to layer than a
server on its work. Here the commands are bytes already, and where hiredis is installed (redis-py's
own parser) the replies are read from it directly. Connection, login, TLS, timeouts and retries
stay redis-py's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import redis

from feature_store.online.connection.redis_internals import socket_of, stream_reader

try:
    import hiredis
except ImportError:  # then redis-py's own parser reads, at its own speed
    hiredis = None

if TYPE_CHECKING:
    import redis.asyncio

#: Bytes that are read from the socket at once.
_CHUNK = 1 << 16
_MORE = object()
#: Error replies that concern the connection, not one command; redis-py retries some of them.
_CONNECTION_ERRORS = {"LOADING": redis.BusyLoadingError, "NOAUTH": redis.AuthenticationError}


class Commands(NamedTuple):
    """Commands to send, in two forms of which only the one that is needed is made.

    Attributes:
        words: returns the words of each command, which has one key: a Cluster is sent these.
        packed: returns all commands in the protocol's bytes: a single server is sent these.
    """

    words: Callable[[], Iterable[tuple[str, ...]]]
    packed: Callable[[], bytes]
    count: int


def bulk(text: str) -> str:
    """Return a text as one bulk string of the Redis protocol."""
    return f"${len(text.encode())}\r\n{text}\r\n"


def packed_command(command: Iterable[str]) -> str:
    """Return the words of a command in the form of the Redis protocol."""
    words = [*command]
    return f"*{len(words)}\r\n" + "".join(map(bulk, words))


class ReplyParser:
    """Parses the replies of one round trip as they come."""

    def __init__(self, count: int):
        self.replies: list[Any] = []
        self._count = count
        self._errors: list[redis.RedisError] = []
        self._parser = hiredis.Reader(
            protocolError=redis.InvalidResponse,
            replyError=self._error,
            encoding="utf-8",
            errors="strict",
            notEnoughData=_MORE,
        )

    def feed(self, data: bytes) -> bool:
        """Parse the bytes that came; return whether all replies are there.

        Raises:
            redis.ConnectionError: the connection was closed, or rejected by the server.
            UnicodeDecodeError: a value is not UTF-8 text.
        """
        if not data:
            raise redis.ConnectionError("the server closed the connection")
        self._parser.feed(data)
        get, add = self._parser.gets, self.replies.append
        while (reply := get()) is not _MORE:
            add(reply)
        if self._errors:
            raise self._errors[0]
        if len(self.replies) > self._count:
            raise redis.InvalidResponse("the server sent more replies than there were commands")
        return len(self.replies) == self._count

    def _error(self, text: str) -> redis.RedisError:
        kind = _CONNECTION_ERRORS.get(text.partition(" ")[0])
        if kind is None:
            return redis.ResponseError(text)
        self._errors.append(kind(text))
        return self._errors[-1]


def _reads_directly(connection: Any) -> bool:
    """Return whether the replies can be read past redis-py."""
    return hiredis is not None and connection.get_protocol() in (2, "2")


def _connection_error(error: OSError) -> redis.RedisError:
    if isinstance(error, TimeoutError):
        return redis.TimeoutError("the server did not reply in time")
    return redis.ConnectionError(f"the connection broke: {error.strerror or error}")


def round_trip(client: redis.Redis, commands: Commands) -> list[Any]:
    """Send commands and return their replies, error replies among them.

    Raises:
        redis.ConnectionError, redis.TimeoutError: the connection broke, and retries failed.
        UnicodeDecodeError: a value is not UTF-8 text.
    """
    if not commands.count:
        return []
    data = commands.packed()
    pool = client.connection_pool
    connection = pool.get_connection()
    try:
        return connection.retry.call_with_retry(
            lambda: _attempt(connection, data, commands.count), lambda _: connection.disconnect()
        )
    finally:
        pool.release(connection)


def _attempt(connection: Any, data: bytes, count: int) -> list[Any]:
    try:
        connection.send_packed_command([data])
        if not _reads_directly(connection):
            return [_read(connection) for _ in range(count)]
        parser = ReplyParser(count)
        receive = socket_of(connection).recv
        while not parser.feed(receive(_CHUNK)):
            pass
        return parser.replies
    except BaseException as error:
        # With replies still on their way no other command can use the connection.
        connection.disconnect()
        if isinstance(error, OSError):
            raise _connection_error(error) from error
        raise


def _read(connection: Any) -> Any:
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error


async def round_trip_async(client: redis.asyncio.Redis, commands: Commands) -> list[Any]:
    """Do as :func:`round_trip` without blocking the event loop."""
    if not commands.count:
        return []
    data = commands.packed()
    pool = client.connection_pool
    connection = await pool.get_connection()
    try:
        return await connection.retry.call_with_retry(
            lambda: _attempt_async(connection, data, commands.count),
            lambda _: connection.disconnect(),
        )
    finally:
        await pool.release(connection)


async def _attempt_async(connection: Any, data: bytes, count: int) -> list[Any]:
    try:
        await connection.send_packed_command([data])
        if not _reads_directly(connection):
            return [await _read_async(connection) for _ in range(count)]
        parser, receive = ReplyParser(count), stream_reader(connection).read
        is_complete = False
        while not is_complete:
            async with asyncio.timeout(connection.socket_timeout):
                data = await receive(_CHUNK)
            is_complete = parser.feed(data)
        return parser.replies
    except BaseException as error:
        await connection.disconnect(nowait=True)
        if isinstance(error, OSError):
            raise _connection_error(error) from error
        raise


async def _read_async(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except redis.ResponseError as error:
        return error
