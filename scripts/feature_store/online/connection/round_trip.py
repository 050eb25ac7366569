"""One round trip: ready-made commands there, their replies back.

redis-py spends more time on packing a command and on handing a reply from layer to layer than a
server on answering. Here the commands are bytes already, and where hiredis is installed (it is
redis-py's own parser) the replies are read from it directly. Connection, login, TLS, timeouts and
retries stay redis-py's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import redis

try:
    import hiredis
except ImportError:  # then redis-py's own parser reads, at its own speed
    hiredis = None

if TYPE_CHECKING:
    import redis.asyncio

#: Bytes asked of the socket at once.
_CHUNK = 1 << 16
_MORE = object()
#: Error replies that concern the connection, not one command; redis-py tries some of them again.
_OF_CONNECTION = {"LOADING": redis.BusyLoadingError, "NOAUTH": redis.AuthenticationError}


def bulk(text: str) -> str:
    """Return a text as one bulk string of the Redis protocol."""
    return f"${len(text.encode())}\r\n{text}\r\n"


class _Replies:
    """What the server answers, as far as it has come.

    Args:
        awaited: the number of replies that make it complete.
    """

    def __init__(self, awaited: int):
        self.found: list[Any] = []
        self._awaited = awaited
        self._broken: list[redis.RedisError] = []
        self._reader = hiredis.Reader(
            protocolError=redis.InvalidResponse,
            replyError=self._error,
            encoding="utf-8",
            errors="strict",
            notEnoughData=_MORE,
        )

    def feed(self, data: bytes) -> bool:
        """Take what came; return whether all replies are there.

        Raises:
            redis.ConnectionError: the connection was closed, or the server refused it.
            UnicodeDecodeError: a value is no text.
        """
        if not data:
            raise redis.ConnectionError("the server closed the connection")
        self._reader.feed(data)
        get, add = self._reader.gets, self.found.append
        while (reply := get()) is not _MORE:
            add(reply)
        if self._broken:
            raise self._broken[0]
        if len(self.found) > self._awaited:
            raise redis.InvalidResponse("the server sent more than it was asked for")
        return len(self.found) == self._awaited

    def _error(self, text: str) -> redis.RedisError:
        kind = _OF_CONNECTION.get(text.partition(" ")[0])
        if kind is None:
            return redis.ResponseError(text)
        self._broken.append(kind(text))
        return self._broken[-1]


def _is_direct(connection: Any) -> bool:
    """Return whether the replies can be read past redis-py."""
    return hiredis is not None and connection.get_protocol() in (2, "2")


def exchange(client: redis.Redis, commands: bytes, awaited: int) -> list[Any]:
    """Send commands and return their replies; those that are errors stand among them.

    Args:
        client: whose connection pool lends the connection.
        commands: in the protocol's own form.
        awaited: the number of commands.

    Raises:
        redis.ConnectionError, redis.TimeoutError: the connection broke, again and again.
        UnicodeDecodeError: a value is no text.
    """
    if not awaited:
        return []
    pool = client.connection_pool
    connection = pool.get_connection()
    try:
        return connection.retry.call_with_retry(
            lambda: _exchange(connection, commands, awaited), lambda _: connection.disconnect()
        )
    finally:
        pool.release(connection)


def _exchange(connection: Any, commands: bytes, awaited: int) -> list[Any]:
    try:
        connection.send_packed_command([commands])
        if not _is_direct(connection):
            return [_reply(connection) for _ in range(awaited)]
        replies = _Replies(awaited)
        receive = connection._sock.recv
        while not replies.feed(receive(_CHUNK)):
            pass
        return replies.found
    except TimeoutError as error:
        connection.disconnect()
        raise redis.TimeoutError("the server did not answer in time") from error
    except OSError as error:
        connection.disconnect()
        raise redis.ConnectionError(f"the connection broke: {error.strerror or error}") from error
    except BaseException:
        # With replies still on their way the connection is of no use to anybody else.
        connection.disconnect()
        raise


def _reply(connection: Any) -> Any:
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error


async def exchange_async(client: redis.asyncio.Redis, commands: bytes, awaited: int) -> list[Any]:
    """Do as :func:`exchange` without blocking the event loop."""
    if not awaited:
        return []
    pool = client.connection_pool
    connection = await pool.get_connection()
    try:
        return await connection.retry.call_with_retry(
            lambda: _exchange_async(connection, commands, awaited),
            lambda _: connection.disconnect(),
        )
    finally:
        await pool.release(connection)


async def _exchange_async(connection: Any, commands: bytes, awaited: int) -> list[Any]:
    try:
        await connection.send_packed_command([commands])
        if not _is_direct(connection):
            return [await _reply_async(connection) for _ in range(awaited)]
        replies = _Replies(awaited)
        receive, patience = connection._reader.read, connection.socket_timeout
        async with asyncio.timeout(patience):
            data = await receive(_CHUNK)
        while not replies.feed(data):
            async with asyncio.timeout(patience):
                data = await receive(_CHUNK)
        return replies.found
    except TimeoutError as error:
        await connection.disconnect(nowait=True)
        raise redis.TimeoutError("the server did not answer in time") from error
    except OSError as error:
        await connection.disconnect(nowait=True)
        raise redis.ConnectionError(f"the connection broke: {error.strerror or error}") from error
    except BaseException:
        await connection.disconnect(nowait=True)
        raise


async def _reply_async(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except redis.ResponseError as error:
        return error
