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

from feature_store.online.connection import reply_parser
from feature_store.online.connection.kept_connections import KeptConnection, KeptConnections
from feature_store.online.connection.redis_internals import socket_of, stream_reader
from feature_store.online.connection.reply_parser import ReplyParser

if TYPE_CHECKING:
    import redis.asyncio

#: Bytes that are read from the socket at once.
_CHUNK = 1 << 16


class Commands(NamedTuple):
    """Commands to send, in two forms of which only the one that is needed is made.

    Attributes:
        words: returns the words of each command, which has one key: a Cluster is sent these.
        packed: returns all commands in the protocol's bytes: a single server is sent these.
        count: the number of commands.
        progress: is called with the replies so far, each time that some came; after a retry with
            another list. With it replies are bytes, without it text.
    """

    words: Callable[[], Iterable[tuple[str, ...]]]
    packed: Callable[[], bytes]
    count: int
    progress: Callable[[list[Any]], None] | None = None


def bulk(text: str) -> str:
    """Return a text as one bulk string of the Redis protocol."""
    return f"${len(text.encode())}\r\n{text}\r\n"


def packed_command(command: Iterable[str]) -> str:
    """Return the words of a command in the form of the Redis protocol."""
    words = [*command]
    return f"*{len(words)}\r\n" + "".join(map(bulk, words))


def as_requested(commands: Commands, replies: list[Any]) -> list[Any]:
    """Return replies as ``commands`` wants them: bytes, or else text.

    Raises:
        UnicodeDecodeError: a value is not UTF-8 text.
    """
    convert = texts_of if commands.progress is None else _bytes_of
    return [*map(convert, replies)]


def texts_of(reply: Any) -> Any:
    """Return a reply with text in the place of bytes.

    Raises:
        UnicodeDecodeError: a value is not UTF-8 text.
    """
    if isinstance(reply, list):
        return [*map(texts_of, reply)]
    return reply.decode() if isinstance(reply, bytes) else reply


def _bytes_of(reply: Any) -> Any:
    if isinstance(reply, list):
        return [*map(_bytes_of, reply)]
    return reply.encode() if isinstance(reply, str) else reply


def _reads_directly(connection: Any) -> bool:
    """Return whether the replies can be read past redis-py."""
    return reply_parser.hiredis is not None and connection.get_protocol() in (2, "2")


def _connection_error(error: OSError) -> redis.RedisError:
    if isinstance(error, TimeoutError):
        return redis.TimeoutError("the server did not reply in time")
    return redis.ConnectionError(f"the connection broke: {error.strerror or error}")


def round_trip(connections: KeptConnections, commands: Commands) -> list[Any]:
    """Send commands and return their replies, error replies among them.

    Raises:
        redis.ConnectionError, redis.TimeoutError: the connection broke, and retries failed.
        UnicodeDecodeError: a value is not UTF-8 text.
    """
    if not commands.count:
        return []
    data = commands.packed()
    kept = connections.take()
    try:
        replies = kept.connection.retry.call_with_retry(
            lambda: _attempt(kept, data, commands), lambda _: kept.disconnect()
        )
    finally:
        connections.give_back(kept)
    return replies if commands.progress else as_requested(commands, replies)


def _attempt(kept: KeptConnection, data: bytes, commands: Commands) -> list[Any]:
    connection = kept.connection
    try:
        connection.send_packed_command([data])
        if not _reads_directly(connection):
            return [_read(connection) for _ in range(commands.count)]
        parser = kept.parser
        parser.begin(commands.count, commands.progress)
        receive = socket_of(connection).recv
        while not parser.feed(receive(_CHUNK)):
            pass
        return parser.replies
    except BaseException as error:
        # With replies still on their way no other command can use the connection.
        kept.disconnect()
        if isinstance(error, OSError):
            raise _connection_error(error) from error
        raise


def _read(connection: Any) -> Any:
    try:
        return connection.read_response(disable_decoding=True)
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
        replies = await connection.retry.call_with_retry(
            lambda: _attempt_async(connection, data, commands),
            lambda _: connection.disconnect(),
        )
    finally:
        await pool.release(connection)
    return replies if commands.progress else as_requested(commands, replies)


async def _attempt_async(connection: Any, data: bytes, commands: Commands) -> list[Any]:
    try:
        await connection.send_packed_command([data])
        if not _reads_directly(connection):
            return [await _read_async(connection) for _ in range(commands.count)]
        parser, receive = ReplyParser(), stream_reader(connection).read
        parser.begin(commands.count, commands.progress)
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
        return await connection.read_response(disable_decoding=True)
    except redis.ResponseError as error:
        return error
