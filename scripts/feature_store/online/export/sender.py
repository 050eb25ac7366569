"""Sends batches of commands to the servers that own their keys, again until all succeeded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from feature_store.online.connection.command_batch import CommandBatch
from feature_store.online.connection.retry import SERVER_ERRORS, Retrier
from feature_store.online.connection.topology import Topology
from feature_store.online.export.server_stream import Stream


class Sender:
    """Streams batches to the servers; what a server did not take is routed and sent again.

    Each command can be repeated, as it sets the whole row. Use the sender in a ``with`` block; an
    error inside ends all streams.

    Args:
        check: called before each batch is sent; an error of it ends the sending.
        on_rows: called with the number of rows of each batch that a server has taken.
    """

    def __init__(
        self, topology: Topology, check: Callable[[], None], on_rows: Callable[[int], None]
    ):
        self._topology, self._check, self._on_rows = topology, check, on_rows
        self._retrier = Retrier(topology.follows_failover)
        self._streams: dict[str, Stream] = {}
        self._pending: deque[CommandBatch] = deque()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams.values():
            stream.stop()
        self._streams.clear()

    def send(self, batch: CommandBatch) -> None:
        """Send a batch; return when it is on its way, before the server has replied.

        Raises:
            ReplyError: a server replied with an error that does not end by itself.
            redis.RedisError: the connection broke, and retries failed.
        """
        self._pending.append(batch)
        while self._pending:
            parts = self._parts(self._pending[0])
            self._pending.popleft()
            for number, (server, part) in enumerate(parts):
                if not self._stream(server).put(part):
                    self._pending.extend(rest for _, rest in parts[number:])
                    self._recover()
                    break

    def drain(self) -> None:
        """Wait for the replies to everything that was sent.

        Raises:
            ReplyError, redis.RedisError: as :meth:`send`.
        """
        while self._streams:
            for server, stream in [*self._streams.items()]:
                if stream.finish():
                    del self._streams[server]
            if self._streams:
                self._recover()
                self.send(self._pending.popleft())

    def _parts(self, batch: CommandBatch) -> list[tuple[str, CommandBatch]]:
        """Return the rows of a batch by server; wait while a slot has no owner."""
        while True:
            try:
                return [*self._topology.split(batch)]
            except SERVER_ERRORS as error:
                self._wait_and_refresh(error)

    def _stream(self, server: str) -> Stream:
        if server not in self._streams:
            pool = partial(self._topology.pool, server)
            self._streams[server] = Stream(pool, self._check, self._taken)
        return self._streams[server]

    def _taken(self, rows: int) -> None:
        self._retrier.progress()
        self._on_rows(rows)

    def _recover(self) -> None:
        """Take back the batches of failed streams, wait, and read the topology again."""
        errors = []
        for server, stream in [*self._streams.items()]:
            if stream.failure is not None:
                errors.append(stream.failure)
                self._pending.extend(stream.without_reply())
                del self._streams[server]
        self._wait_and_refresh(errors[0])

    def _wait_and_refresh(self, error: BaseException) -> None:
        while True:
            self._retrier.wait(error)
            try:
                self._topology.refresh()
            except SERVER_ERRORS as another:
                error = another
            else:
                return
