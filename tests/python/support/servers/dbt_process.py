"""dbt runs as real processes, started fast: forked by one that has imported dbt and parsed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support.paths import SCRIPTS, TESTS
from support.servers.redis_server import script_environment

KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Kill:
    """When a run kills itself.

    Attributes:
        model: the model that it is building then.
        event: at which of dbt's events since the model was begun, from 1.
        seconds: how long after that.
        signal: the name of the signal; only SIGKILL ends a run at once.
    """

    model: str
    event: int
    seconds: float
    signal: str = "SIGKILL"


@dataclass(frozen=True)
class Run:
    """The result of a run.

    Attributes:
        code: 0, 1 where something failed, or the signal's number, negative.
        said: the lines that dbt prints on the console.
        statements: the SQL of each model, in order, BEGIN and COMMIT too.
        events: how many events there were while each model was built.
    """

    code: int
    said: str
    statements: dict[str, list[str]]
    events: dict[str, int]


class DbtForker:
    """The process that forks runs of one project."""

    def __init__(self, folder: Path):
        self._result = folder / "result.json"
        environment = script_environment(PYTHONPATH=f"{SCRIPTS}{os.pathsep}{TESTS}")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.servers.dbt_process", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: text for name, text in environment.items() if not name.startswith("DBT_")},
        )

    def _send(self, request: dict[str, Any]) -> int:
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def parse(self) -> None:
        """Read the project's files again."""
        assert self._send({"do": "parse"}) == 0

    def run(self, *arguments: str, kill: Kill | None = None) -> Run:
        """Run a dbt command to its end."""
        self._result.unlink(missing_ok=True)
        code = self._send(
            {"do": "run", "arguments": arguments, "kill": asdict(kill) if kill else None}
        )
        if self._result.exists():
            return Run(code, **json.loads(self._result.read_text()))
        return Run(code, "", {}, {})

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@contextmanager
def dbt_forker(folder: Path) -> Iterator[DbtForker]:
    """Run the process for the project in a folder, for the length of a ``with`` block."""
    with closing(DbtForker(folder)) as forker:
        forker.parse()
        yield forker


class _EventCallback:
    """Collects dbt's events of each model, and kills the run at one of them."""

    def __init__(self, kill: dict[str, Any] | None):
        self._kill = kill
        self._thread = threading.local()  # each builds one model at a time: `model`
        self.said: list[str] = []
        self.statements: dict[str, list[str]] = {}
        self.events: dict[str, int] = {}

    def __call__(self, event: Any) -> None:
        name = event.info.name
        if name == "NodeStart":
            self._thread.model = event.data.node_info.node_name
            self.events[self._thread.model] = 0
            self.statements[self._thread.model] = []
        elif name == "NodeFinished":
            self._thread.model = None
        elif event.info.level in ("info", "warn", "error"):
            self.said.append(event.info.msg)
        model = getattr(self._thread, "model", None)
        if model is None:
            return
        self.events[model] += 1
        if name == "SQLQuery":
            self.statements[model].append(event.data.sql)
        kill = self._kill
        if kill and (model, self.events[model]) == (kill["model"], kill["event"]):
            threading.Thread(target=_end, args=[kill["seconds"], kill["signal"]]).start()
            if kill["signal"] == "SIGKILL" and not kill["seconds"]:
                signal.pause()


def _end(seconds: float, name: str) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.Signals[name])


def _run(folder: Path, where: list[str], manifest: Any, request: dict[str, Any]) -> int:
    """Run dbt in a forked process, without output of its own."""
    from dbt.cli.main import dbtRunner

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    callback = _EventCallback(request["kill"])
    runner = dbtRunner(manifest=manifest, callbacks=[callback])
    ended = runner.invoke([*request["arguments"], *where])
    result = {"said": "\n".join([*callback.said, str(ended.exception or "")])}
    result |= {"statements": callback.statements, "events": callback.events}
    (folder / "result.json").write_text(json.dumps(result))
    return 0 if ended.success else 1


def _serve(folder: Path) -> None:
    from dbt.cli.main import dbtRunner

    where = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    manifest = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "parse":
            parsed = dbtRunner().invoke(["--quiet", "parse", *where])
            manifest, code = parsed.result, 0 if parsed.success else 1
            if parsed.exception:
                print(parsed.exception, file=sys.stderr)
        else:
            pid = os.fork()
            if not pid:
                code = 2
                try:
                    code = _run(folder, where, manifest, request)
                except BaseException:
                    import traceback

                    traceback.print_exc()
                finally:
                    os._exit(code)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps(code), flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
