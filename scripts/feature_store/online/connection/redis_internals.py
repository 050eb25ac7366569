"""Access to private attributes of redis-py, read from its version 8.1.0; no other module has any.

``pyproject.toml`` caps redis-py below its next minor version. Before the cap is raised, compare
each function here with that version's source.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redis.cluster import ClusterPipeline
from redis.connection import AbstractConnection
from redis.lock import Lock

if TYPE_CHECKING:
    import redis.asyncio


def socket_of(connection: AbstractConnection) -> socket.socket | None:
    """Return the socket of a connection; None where it is not connected."""
    return connection._sock


def stream_reader(connection: redis.asyncio.Connection) -> asyncio.StreamReader:
    """Return the reader of an ``asyncio`` connection that is connected."""
    return connection._reader


def pool_sockets(pool: redis.asyncio.ConnectionPool) -> list[Any]:
    """Return the sockets of all connections of an ``asyncio`` pool that are connected."""
    connections = [*pool._available_connections, *pool._in_use_connections]
    writers = [connection._writer for connection in connections]
    return [writer.get_extra_info("socket") for writer in writers if writer is not None]


def set_single_executor(pipeline: ClusterPipeline, execute: Callable[..., Any]) -> None:
    """Let a pipeline of a Cluster send a command again, alone, by this function."""
    pipeline.parent_execute_command = execute


def set_token(lock: Lock, token: bytes) -> None:
    """Let a lock know the token with which the server has it."""
    lock.local.token = token
