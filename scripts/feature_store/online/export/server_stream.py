"""A stream of ready-made commands to one Redis server, which checks that each succeeds."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable

import redis
from redis.connection import AbstractConnection

from feature_store.online.connection.command_batch import CommandBatch
from feature_store.online.connection.redis_internals import socket_of
from feature_store.online.connection.retry import ReplyError

#: Bytes that are read from the socket at once.
_CHUNK = 1 << 16
#: Batches that wait to be sent, while the warehouse makes the next.
_QUEUE_SIZE = 2
#: Seconds between two checks whether a stream has ended.
_POLL = 0.2
#: Seconds to wait until a stream has ended.
_STOP_TIMEOUT = 2


class Stream:
    """A thread that sends batches over one of redis-py's connections and counts the replies.

    The connection, with its TLS, login and timeouts, is the library's; only the replies are counted
    here instead of being parsed one by one. Every reply to the commands of an export is a status,
    an integer or an array's head: one line, which begins with ``-`` where it is an error.

    After a failure the stream is over, and returns the batches without a reply.
    """

    def __init__(
        self,
        pool: Callable[[], redis.ConnectionPool],
        check: Callable[[], None],
        on_rows: Callable[[int], None],
    ):
        self._find_pool, self._check, self._on_rows = pool, check, on_rows
        self._waiting: queue.Queue[CommandBatch | None] = queue.Queue(_QUEUE_SIZE)
        self._sent: deque[tuple[CommandBatch, int]] = deque()
        self._connection: AbstractConnection | None = None
        self._over = threading.Event()
        self._stopped = False
        # The reply lines of the oldest sent batch that have come, and the last byte that came.
        self._lines, self._last_byte = 0, b"\n"
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, batch: CommandBatch | None) -> bool:
        """Hand over a batch, or None after the last; return whether the stream still goes on."""
        while not self._over.is_set():
            with contextlib.suppress(queue.Full):
                self._waiting.put(batch, timeout=_POLL)
                return True
        return False

    def finish(self) -> bool:
        """Wait for the replies to everything; return whether all commands succeeded."""
        self.put(None)
        while self._thread.is_alive():
            # Python handles a signal only between two waits.
            self._thread.join(_POLL)
        return self.failure is None

    def stop(self) -> None:
        """End the stream at once, whatever is on its way."""
        self._stopped = True
        self._over.set()
        open_socket = socket_of(self._connection) if self._connection else None
        if open_socket is not None:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        # Not longer: it may be connecting.
        self._thread.join(_STOP_TIMEOUT)

    def without_reply(self) -> list[CommandBatch]:
        """Return the batches of a failed stream to which the server has not replied."""
        self._thread.join()
        batches = [batch for batch, _ in self._sent]
        while not self._waiting.empty():
            batches.append(self._waiting.get_nowait())
        return [batch for batch in batches if batch is not None]

    def _run(self) -> None:
        try:
            pool = self._find_pool()
            self._connection = pool.get_connection()
            try:
                self._send_all()
            except BaseException:
                self._abort()
                raise
            finally:
                pool.release(self._connection)
        except BaseException as error:
            self.failure = error
        finally:
            self._over.set()

    def _send_all(self) -> None:
        while (batch := self._next()) is not None:
            self._sent.append((batch, batch.lines))
            self._check()
            self._connection.send_packed_command([batch.data])
            # The server works on this batch while the replies to the one before are read.
            self._read(leave=1)
        self._read(leave=0)
        if self._lines:
            raise ReplyError(
                f"{self._lines} more reply lines than expected: something between here and the "
                "server changes the commands"
            )

    def _next(self) -> CommandBatch | None:
        if self._stopped:
            raise redis.ConnectionError("the export was stopped")
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            self._read(leave=0)
            return self._waiting.get()

    def _read(self, leave: int) -> None:
        """Read replies until at most ``leave`` batches wait for theirs."""
        while len(self._sent) > leave:
            data = self._receive()
            # With the byte before, as an error may begin with the first byte of these.
            at = (self._last_byte + data).find(b"\n-")
            if at >= 0:
                raise self._reply_error((self._last_byte + data)[at + 2 :])
            self._last_byte = data[-1:]
            self._lines += data.count(b"\n")
            while self._sent and self._lines >= self._sent[0][1]:
                batch, lines = self._sent.popleft()
                self._lines -= lines
                self._on_rows(len(batch))

    def _receive(self) -> bytes:
        try:
            data = socket_of(self._connection).recv(_CHUNK)
        except TimeoutError as error:
            raise redis.TimeoutError("the server did not reply in time") from error
        except OSError as error:
            reason = error.strerror or error
            raise redis.ConnectionError(f"the connection broke: {reason}") from error
        if not data:
            raise redis.ConnectionError("the server closed the connection")
        return data

    def _reply_error(self, text: bytes) -> ReplyError:
        while b"\r\n" not in text:
            text += self._receive()
        return ReplyError(text.split(b"\r\n")[0].decode(errors="replace"))

    def _abort(self) -> None:
        """Close the connection so that nothing still in it reaches the server later."""
        open_socket = socket_of(self._connection)
        if open_socket is not None:
            with contextlib.suppress(OSError):
                # Lingering for 0 s closes it with a reset: the system drops what is not delivered.
                no_linger = struct.pack("ii", 1, 0)
                open_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        self._connection.disconnect()
