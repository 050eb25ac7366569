"""Sending commands to the servers that own the keys, until every one of them was obeyed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from feature_store.online.connection.command_batch import Piece
from feature_store.online.connection.retry import SERVER_ERRORS, Patience
from feature_store.online.connection.topology import Cluster, SingleServer
from feature_store.online.export.stream import Stream


class Sender:
    """Streams pieces to the servers; what a server did not take is routed and sent again.

    Each command can be repeated: it sets what the row is, whatever was there. Use it in a ``with``
    block; an error inside ends all streams.

    Args:
        route: which server takes which key.
        check: called before each piece is sent; an error of it ends the sending.
        on_rows: called with the number of rows of each piece that a server has taken.
    """

    def __init__(
        self,
        route: SingleServer | Cluster,
        check: Callable[[], None] = lambda: None,
        on_rows: Callable[[int], None] = lambda rows: None,
    ):
        self._route, self._check, self._on_rows = route, check, on_rows
        self._patience = Patience(route.follows_failover)
        self._streams: dict[str, Stream] = {}
        self._pending: deque[Piece] = deque()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams.values():
            stream.stop()
        self._streams.clear()

    def send(self, piece: Piece) -> None:
        """Send a piece; returns when it is on its way, not when it is answered.

        Raises:
            RefusedError: a server answered with an error that waiting does not help against.
            redis.RedisError: the connection broke, and could not be made again.
        """
        self._pending.append(piece)
        while self._pending:
            parts = self._parts(self._pending[0])
            self._pending.popleft()
            for number, (server, part) in enumerate(parts):
                if not self._stream(server).put(part):
                    self._pending.extend(rest for _, rest in parts[number:])
                    self._recover()
                    break

    def drain(self) -> None:
        """Wait until everything that was sent is answered.

        Raises:
            RefusedError, redis.RedisError: as :meth:`send`.
        """
        while self._streams:
            for server, stream in [*self._streams.items()]:
                if stream.finish():
                    del self._streams[server]
            if self._streams:
                self._recover()
                self.send(self._pending.popleft())

    def _parts(self, piece: Piece) -> list[tuple[str, Piece]]:
        """Return a piece's part for each server; waits where a slot has no owner just now."""
        while True:
            try:
                return [*self._route.split(piece)]
            except SERVER_ERRORS as error:
                self._wait_and_refresh(error)

    def _stream(self, server: str) -> Stream:
        if server not in self._streams:
            pool = partial(self._route.pool, server)
            self._streams[server] = Stream(pool, self._check, self._taken)
        return self._streams[server]

    def _taken(self, rows: int) -> None:
        self._patience.progress()
        self._on_rows(rows)

    def _recover(self) -> None:
        """Take back what failed streams have not sent, wait, and look where it belongs now."""
        errors = []
        for server, stream in [*self._streams.items()]:
            if stream.failure is not None:
                errors.append(stream.failure)
                self._pending.extend(stream.unanswered())
                del self._streams[server]
        self._wait_and_refresh(errors[0])

    def _wait_and_refresh(self, error: BaseException) -> None:
        while True:
            self._patience.wait(error)
            try:
                self._route.refresh()
            except SERVER_ERRORS as another:
                error = another
            else:
                return
