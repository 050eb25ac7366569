"""A stream of ready-made commands to one Redis server, each of which is checked to be obeyed."""

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

from feature_store.online.connection.command_batch import Piece
from feature_store.online.connection.retry import RefusedError

#: Bytes asked of the socket at once.
_CHUNK = 1 << 16
#: Pieces that wait to be sent, while the warehouse makes the next.
_DEPTH = 2
#: Seconds after which who waits for a stream looks whether something has happened.
_LOOK = 0.2
#: Seconds that a stream gets to end in.
_STOPPING = 2


class Stream:
    """A thread that sends pieces over one of redis-py's own connections and counts the replies.

    The connection, with its TLS, login and timeouts, is the library's; only the replies are counted
    here instead of being parsed one by one. Every reply to the commands of an export is a status,
    an integer or an array's head: a line, which begins with ``-`` where it is an error.

    After a failure the stream is over, and what the server has not answered is given back.

    Args:
        pool: returns the pool that lends the connection.
        check: called before each piece is sent; an error of it ends the stream.
        on_rows: called with the number of rows of each piece that the server has taken.
    """

    def __init__(
        self,
        pool: Callable[[], redis.ConnectionPool],
        check: Callable[[], None],
        on_rows: Callable[[int], None],
    ):
        self._find_pool, self._check, self._on_rows = pool, check, on_rows
        self._waiting: queue.Queue[Piece | None] = queue.Queue(_DEPTH)
        self._unanswered: deque[tuple[Piece, int]] = deque()
        self._connection: AbstractConnection | None = None
        self._over = threading.Event()
        self._stopped = False
        # The lines of the oldest unanswered piece that have come, and the end of the last reply.
        self._lines, self._rest = 0, b"\n"
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, piece: Piece | None) -> bool:
        """Hand over a piece, or None as the last; return whether the stream still goes on."""
        while not self._over.is_set():
            with contextlib.suppress(queue.Full):
                self._waiting.put(piece, timeout=_LOOK)
                return True
        return False

    def finish(self) -> bool:
        """Wait for the replies to everything; return whether all of it was obeyed."""
        self.put(None)
        while self._thread.is_alive():
            # A signal that another thread was given is seen only in between.
            self._thread.join(_LOOK)
        return self.failure is None

    def stop(self) -> None:
        """End the stream at once, whatever is on its way."""
        self._stopped = True
        self._over.set()
        connection = self._connection
        if connection is not None and connection._sock is not None:
            with contextlib.suppress(OSError):
                connection._sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        # One that is just connecting is not waited for.
        self._thread.join(_STOPPING)

    def unanswered(self) -> list[Piece]:
        """Return what a failed stream was given and the server has not answered."""
        self._thread.join()
        pieces = [piece for piece, _ in self._unanswered]
        while not self._waiting.empty():
            pieces.append(self._waiting.get_nowait())
        return [piece for piece in pieces if piece is not None]

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
        while (piece := self._next()) is not None:
            self._unanswered.append((piece, piece.lines))
            self._check()
            self._connection.send_packed_command([piece.data])
            # The server works on this piece while the replies to the one before are read.
            self._read(leave=1)
        self._read(leave=0)
        if self._lines:
            raise RefusedError(
                f"{self._lines} lines more than asked for: something between here and the server "
                "changes the commands"
            )

    def _next(self) -> Piece | None:
        if self._stopped:
            raise redis.ConnectionError("the export was stopped")
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            self._read(leave=0)
            return self._waiting.get()

    def _read(self, leave: int) -> None:
        """Read replies until at most ``leave`` pieces are unanswered."""
        while len(self._unanswered) > leave:
            data = self._receive()
            # The byte before makes an error visible that begins with these.
            at = (self._rest + data).find(b"\n-")
            if at >= 0:
                raise self._refused((self._rest + data)[at + 2 :])
            self._rest = data[-1:]
            self._lines += data.count(b"\n")
            while self._unanswered and self._lines >= self._unanswered[0][1]:
                piece, lines = self._unanswered.popleft()
                self._lines -= lines
                self._on_rows(len(piece))

    def _receive(self) -> bytes:
        try:
            data = self._connection._sock.recv(_CHUNK)
        except TimeoutError as error:
            raise redis.TimeoutError("the server did not answer in time") from error
        except OSError as error:
            reason = error.strerror or error
            raise redis.ConnectionError(f"the connection broke: {reason}") from error
        if not data:
            raise redis.ConnectionError("the server closed the connection")
        return data

    def _refused(self, text: bytes) -> RefusedError:
        while b"\r\n" not in text:
            text += self._receive()
        return RefusedError(text.split(b"\r\n")[0].decode(errors="replace"))

    def _abort(self) -> None:
        """Give the connection up, and nothing that is still in it may reach the server later."""
        if self._connection._sock is not None:
            with contextlib.suppress(OSError):
                # Closed with a reset: what was not delivered yet is dropped, not sent on.
                off_at_once = struct.pack("ii", 1, 0)
                self._connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off_at_once)
        self._connection.disconnect()
