"""Exports as real processes, started fast: a process that has imported everything forks them."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from feature_store.cli import app
from support.paths import SCRIPTS, TESTS
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import script_environment, wait_for

#: The requests that the process takes, as lines of JSON.
_START, _WAIT = "start", "wait"


class Ended(NamedTuple):
    """The exit code of an export (a signal's number, negative), and what it printed."""

    code: int
    stderr: str


class ExportProcess:
    """An export that runs, or has ended.

    Args:
        forker: what started it.
        pid: its process id.
        stderr: the file of its error output.
    """

    def __init__(self, forker: ExportForker, pid: int, stderr: Path):
        self._forker, self.pid, self._output = forker, pid, stderr
        self._ended: Ended | None = None

    @property
    def stderr(self) -> str:
        """What it has printed for the user until now."""
        return self._output.read_text() if self._output.exists() else ""

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; only while it was not waited for."""
        assert self._ended is None
        os.kill(self.pid, number)

    def wait(self) -> Ended:
        """Wait until it has ended."""
        if self._ended is None:
            status = self._forker.ask({"do": _WAIT, "pid": self.pid})["status"]
            code = os.waitstatus_to_exitcode(status)
            self._ended = Ended(code, self.stderr)
        return self._ended

    def resume(self) -> Ended:
        """Let it go on after SIGSTOP, and wait until it has ended."""
        self.send_signal(signal.SIGCONT)
        return self.wait()

    def wait_until_stopped(self) -> None:
        """Wait until it stands still after SIGSTOP."""
        wait_for(lambda: self._state() == "T", "the export to stand still")

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._state() not in ("Z", "")

    def _state(self) -> str:
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except FileNotFoundError:
            return ""
        return text.rpartition(")")[2].split()[0]


class ExportForker:
    """The process that forks exports."""

    def __init__(self, folder: Path):
        self._folder, self._count = folder, 0
        environment = script_environment(PYTHONPATH=f"{SCRIPTS}{os.pathsep}{TESTS}")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.servers.export_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send the process a request, and return its reply."""
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def start(
        self,
        store: TinyStore,
        url: str,
        *,
        lease: float = 1,
        signal_at: tuple[str, int | str, str] | None = None,
        retry_timeout: float = 15,
        **options: Any,
    ) -> ExportProcess:
        """Start an export.

        Args:
            store: the project.
            url: the online store.
            lease: of the lock, in seconds.
            signal_at: a signal that the process sends itself, at which of its requests to the
                servers (its number, or the first with that text), and whether ``before`` it is
                sent, ``within`` it, or ``after``.
            retry_timeout: seconds without progress after which it gives up.
            options: of ``ExportOptions``.
        """
        self._count += 1
        stderr = self._folder / f"{self._count}.stderr"
        reply = self.ask(
            {
                "do": _START,
                "folder": str(store.folder),
                "url": url,
                "lease": lease,
                "signal_at": signal_at,
                "retry_timeout": retry_timeout,
                "options": {"sample": 0} | options,
                "stderr": str(stderr),
            }
        )
        return ExportProcess(self, reply["pid"], stderr)

    def start_stopped(
        self, store: TinyStore, url: str, request: int | str, where: str = "before", **options: Any
    ) -> ExportProcess:
        """Start an export that stops itself at one of its requests.

        ``options`` are those of :meth:`start`; the lease is long, so that it does not end.
        """
        signal_at = ("SIGSTOP", request, where)
        running = self.start(store, url, **{"lease": 60, "signal_at": signal_at} | options)
        running.wait_until_stopped()
        return running

    def run(self, store: TinyStore, url: str, **options: Any) -> Ended:
        """Run an export to its end."""
        return self.start(store, url, **options).wait()

    def close(self) -> None:
        """End the process, and every export that still runs."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@contextmanager
def export_forker() -> Iterator[ExportForker]:
    """Run the process for the length of a ``with`` block."""
    with (
        tempfile.TemporaryDirectory(prefix="exports-") as folder,
        closing(ExportForker(Path(folder))) as forker,
    ):
        yield forker


def _arm(name: str, at: int | str, where: str) -> None:
    """Let this process send itself a signal at one of its requests to the servers."""
    from redis.connection import AbstractConnection

    # Threads send at the same time, and no number may be left out.
    send, numbers, is_over = AbstractConnection.send_packed_command, itertools.count(1), False

    def counted(self: AbstractConnection, command: Any, check_health: bool = True) -> None:
        nonlocal is_over
        number = next(numbers)
        data = b"".join(bytes(part) for part in command)
        is_it = not is_over and (at.encode() in data if isinstance(at, str) else number == at)
        if not is_it:
            send(self, command, check_health)
            return
        is_over = True
        sent = {"before": 0, "within": len(data) // 2, "after": len(data)}[where]
        if sent:
            send(self, [data[:sent]], check_health)
        # To this thread, which does not go on before the signal has come.
        signal.pthread_kill(threading.get_ident(), getattr(signal, name))
        if sent < len(data):
            send(self, [data[sent:]], check_health)

    AbstractConnection.send_packed_command = counted


def _export(request: dict[str, Any]) -> None:
    """Export as the script does, in a forked process."""
    from dataclasses import replace

    from feature_store.online.connection import command_batch, retry
    from feature_store.online.export import exporter
    from feature_store.online.export.options import ExportOptions, ExportProgress
    from feature_store.online.export.run import export_features

    output = os.open(request["stderr"], os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 2)
    os.dup2(output, 1)
    # Many batches of few rows, so that there are many moments at which a signal can come.
    exporter.ROWS_AT_ONCE, command_batch.BATCH_BYTES = 2_048, 16 << 10
    retry.RETRY_TIMEOUT = request["retry_timeout"]
    if request["signal_at"]:
        _arm(*request["signal_at"])
    store = TinyStore(Path(request["folder"]))
    settings = replace(store.settings(request["url"]), lock_lease=request["lease"])
    progress = ExportProgress()
    progress.message = lambda line: app.err.print(line, markup=False)
    options = ExportOptions(**request["options"])
    sys.argv[1:] = []
    app.run(lambda: export_features(settings, options, progress) and None)


def _serve() -> None:
    import feature_store.cli.app
    import feature_store.online.export.run  # noqa: F401 (what forked processes need)

    children: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == _START:
            pid = os.fork()
            if not pid:
                code = 1
                try:
                    _export(request)
                    code = 0
                except SystemExit as ended:
                    code = ended.code or 0
                except BaseException:
                    import traceback

                    traceback.print_exc()
                finally:
                    sys.stderr.flush()
                    os._exit(code)
            children.add(pid)
            reply = {"pid": pid}
        else:
            _, status = os.waitpid(request["pid"], 0)
            children.discard(request["pid"])
            reply = {"status": status}
        print(json.dumps(reply), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    _serve()
