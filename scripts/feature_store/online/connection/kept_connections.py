"""Connections that stay out of redis-py's pool between round trips.

To take a connection out of the pool and to put it back takes redis-py a fifth of the time of a read
of one entity: it counts both, for metrics. Where the pool may open as many connections as are
needed, a few are kept. The pool counts them as in use, and closes them too.
"""

from __future__ import annotations

import os
from functools import cached_property

import redis

from feature_store.online.connection.redis_internals import socket_of
from feature_store.online.connection.reply_parser import ReplyParser

#: Connections that are kept; threads that read at the same time need one each.
_KEPT = 8


class KeptConnection:
    """A connection of redis-py, with the parser of its replies."""

    def __init__(self, connection: redis.Connection):
        self.connection, self.pid = connection, os.getpid()

    @cached_property
    def parser(self) -> ReplyParser:
        """The parser, which has no more replies than those of the current round trip."""
        return ReplyParser()

    def disconnect(self) -> None:
        """Close the connection, with all replies on their way; its next command connects again."""
        self.__dict__.pop("parser", None)
        self.connection.disconnect()

    def make_ready(self) -> None:
        """Connect again if the server closed the connection, or sent what nobody waits for.

        Raises:
            redis.ConnectionError, redis.TimeoutError: the server does not reply.
        """
        try:
            is_clean = socket_of(self.connection) and not self.connection.can_read()
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            is_clean = False
        if not is_clean:
            self.disconnect()
            self.connection.connect()


class KeptConnections:
    """The connections to one server; safe to use from several threads and after a fork."""

    def __init__(self, pool: redis.ConnectionPool):
        self._pool = pool
        # Pools of other classes may decide at each use which server it is.
        may_keep = type(pool) is redis.ConnectionPool and pool.max_connections > 2 * _KEPT
        self._kept = _KEPT if may_keep else 0
        self._idle: list[KeptConnection] = []

    def take(self) -> KeptConnection:
        """Return a connection that no other thread uses.

        Raises:
            redis.ConnectionError, redis.TimeoutError: the server does not reply.
        """
        try:
            kept = self._idle.pop()
        except IndexError:
            return KeptConnection(self._pool.get_connection())
        if kept.pid != os.getpid():  # the process was forked: its parent has them
            self._idle.clear()
            return self.take()
        try:
            kept.make_ready()
        except BaseException:
            self._pool.release(kept.connection)
            raise
        return kept

    def give_back(self, kept: KeptConnection) -> None:
        """Let other threads use a connection."""
        if len(self._idle) < self._kept:
            self._idle.append(kept)
        else:
            self._pool.release(kept.connection)
