"""Parsing the replies of one connection with hiredis, past redis-py's layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis

try:
    import hiredis
except ImportError:  # then redis-py's own parser reads, at its own speed
    hiredis = None

_MORE = object()
#: Error replies that concern the connection, not one command; redis-py retries some of them.
_CONNECTION_ERRORS = {"LOADING": redis.BusyLoadingError, "NOAUTH": redis.AuthenticationError}


class ReplyParser:
    """Parses the replies of a connection as they come; after an error it is of no more use.

    Attributes:
        replies: those of the round trip so far: bytes, lists, integers, None, errors.
    """

    def __init__(self) -> None:
        self._errors: list[redis.RedisError] = []
        self._parser = hiredis.Reader(
            protocolError=redis.InvalidResponse, replyError=self._error, notEnoughData=_MORE
        )
        self.begin(0)

    def begin(self, count: int, progress: Callable[[list[Any]], None] | None = None) -> None:
        """Begin a round trip.

        Args:
            count: the number of replies.
            progress: is called with the replies so far, whenever some came, but not the last.
        """
        self.replies: list[Any] = []
        self._count, self._progress = count, progress

    def feed(self, data: bytes) -> bool:
        """Parse the bytes that came; return whether all replies are there.

        Raises:
            redis.ConnectionError: the connection was closed, or rejected by the server.
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
        if len(self.replies) == self._count:
            return True
        if self._progress:
            self._progress(self.replies)
        return False

    def _error(self, text: str) -> redis.RedisError:
        kind = _CONNECTION_ERRORS.get(text.partition(" ")[0])
        if kind is None:
            return redis.ResponseError(text)
        self._errors.append(kind(text))
        return self._errors[-1]
