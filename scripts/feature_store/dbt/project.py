"""dbt in this process: the project is parsed once and built as often as it is needed.

Parsed without ``--vars``: dbt parses the whole project again whenever they are not those of the
last time, and as_of is another one in every run. It is read where SQL is made, not before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import chdir, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from feature_store.dbt.signals import cancelled_by_signals
from feature_store.errors import FeatureStoreError
from feature_store.profiles import profiles_dir_of
from feature_store.settings import Settings
from feature_store.warehouse.connection import LockRetry, wait_for_warehouse
from feature_store.warehouse.errors import is_locked

#: At most so many nodes are named, and so much of dbt's message on each.
_LISTED, _MESSAGE = 5, 300
_FAILED = ("error", "fail", "runtime error", "partial success")
#: dbt says nothing itself; its log file has it all.
_SILENT = ("--log-level", "none", "--log-level-file", "debug")


@dataclass
class DbtTimes:
    """Seconds of the parts of a dbt build, in their order.

    Attributes:
        importing: dbt's modules; nothing from the second build of a process on.
        parsing: the project; nothing from the second build of a process on.
        starting: until the first node: connecting, reading what there is, hooks.
        nodes: from the first node's beginning to the last one's end.
        closing: hooks and artifacts, and writing the warehouse's last changes to its file.
        executing: of the nodes, running their SQL and the Jinja around it: a sum over threads.
    """

    importing: float = 0.0
    parsing: float = 0.0
    starting: float = 0.0
    nodes: float = 0.0
    closing: float = 0.0
    executing: float = 0.0

    @property
    def start_up(self) -> float:
        """What dbt takes before it does anything."""
        return self.importing + self.parsing + self.starting

    @property
    def total(self) -> float:
        """The whole build."""
        return self.start_up + self.nodes + self.closing


@dataclass(frozen=True)
class DbtBuild:
    """What a dbt build did.

    Attributes:
        as_of: the var it was given (UTC).
        nodes: how many nodes were built or tested.
        warnings: the tests that warned.
        said: what the project's macros warned of.
        times: how long it took.
    """

    as_of: datetime | None
    nodes: int
    warnings: list[str]
    times: DbtTimes
    said: list[str] = field(default_factory=list)


@dataclass
class _Watched:
    """When the nodes of a build began and ended, as dbt's events tell it."""

    on_node: Callable[[int, int], None]
    total: int = 0
    done: int = 0
    first: float | None = None
    last: float | None = None
    said: list[str] = field(default_factory=list)

    def __call__(self, event: Any) -> None:
        name = event.info.name
        if name == "ConcurrencyLine":
            self.total = event.data.node_count
        elif name == "NodeStart" and self.first is None:
            self.first = time.perf_counter()
        elif name == "NodeFinished":
            self.last = time.perf_counter()
            self.done += 1
            self.on_node(self.done, self.total)
        elif name == "JinjaLogWarning" and event.data.msg not in self.said:
            self.said.append(event.data.msg)


@dataclass
class DbtProject:
    """The dbt project of some settings.

    Args:
        settings: the project and its warehouse.
        target: the target as the user gave it; none is dbt's own choice. Naming it makes dbt parse
            the project anew after a command that did not, so what is not needed is not said.
        profiles_dir: the folder of another profiles.yml than settings were read from.
        log_path: another folder of dbt's log than the project's.
    """

    settings: Settings
    target: str | None = None
    profiles_dir: Path | None = None
    log_path: Path | None = None
    _manifest: Any = field(default=None, init=False)
    #: What parsing took, until a build tells it.
    _parsed: DbtTimes = field(default_factory=DbtTimes, init=False)

    @property
    def _log_path(self) -> Path:
        return self.log_path or self.settings.project_dir / "logs"

    def build(
        self,
        as_of: datetime | None = None,
        on_node: Callable[[int, int], None] = lambda done, total: None,
    ) -> DbtBuild:
        """Build and test everything but unit tests, and take the snapshots.

        Another process that has the warehouse open is waited for (``warehouse.waiting``).
        Afterwards no connection of dbt to the warehouse is open.

        Args:
            as_of: the time of the run (UTC); None: the end of the last grain that holds data.
            on_node: told after each node how many are done, and of how many.

        Raises:
            FeatureStoreError: the project cannot be read, or something failed; names it.
        """
        self.parse()
        times, self._parsed = self._parsed, DbtTimes()
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        if as_of is not None:
            arguments += ["--vars", f"{{as_of: '{as_of.isoformat(' ')}'}}"]
        retry = LockRetry(self.settings.warehouse_path, for_writing=True)
        while True:
            wait_for_warehouse(self.settings.warehouse_path)
            began = time.perf_counter()
            watched = _Watched(on_node)
            # A copy: dbt keeps in it what it compiles, and would not compile some of it again.
            answer = self._invoke(arguments, self._manifest.deepcopy(), [watched])
            if answer.exception is None or not is_locked(answer.exception):
                break
            # A reader opened it just before dbt, which has done nothing yet: it opens it once.
            retry.pause(answer.exception)
        self._check(answer, "build")
        results = [one for one in answer.result.results if one.node.resource_type != "operation"]
        ended = time.perf_counter()
        first, last = watched.first or ended, watched.last or ended
        times.starting, times.nodes, times.closing = first - began, last - first, ended - last
        times.executing = sum(
            (part.completed_at - part.started_at).total_seconds()
            for result in results
            for part in result.timing
            if part.name == "execute" and part.started_at and part.completed_at
        )
        warned = [result.node.name for result in results if result.status == "warn"]
        return DbtBuild(as_of, len(results), sorted(warned), times, watched.said)

    def parse(self) -> None:
        """Parse the project, and describe it in ``manifest.json``, if that was not done yet.

        Raises:
            FeatureStoreError: it cannot be read.
        """
        if self._manifest is not None:
            return
        began = time.perf_counter()
        import dbt.cli.main  # noqa: F401 - takes seconds, and changes logging in its process

        imported = time.perf_counter()
        answer = self._invoke(["parse"])
        self._check(answer, "parse")
        self._manifest = answer.result
        self._parsed = DbtTimes(importing=imported - began, parsing=time.perf_counter() - imported)

    def _invoke(
        self,
        arguments: list[str],
        manifest: Any = None,
        callbacks: Iterable[Callable[[Any], None]] = (),
    ) -> Any:
        """Run a dbt command, and let go of the warehouse."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters
        from dbt.cli.main import dbtRunner

        folder = self.settings.project_dir
        where = ["--project-dir", str(folder), "--target-path", str(self.settings.target_path)]
        where += ["--profiles-dir", str(self.profiles_dir or profiles_dir_of(folder))]
        where += ["--log-path", str(self._log_path)]
        if self.target:
            where += ["--target", self.target]
        runner = dbtRunner(manifest=manifest, callbacks=[*callbacks])
        try:
            # The adapter takes a relative path of the warehouse from where the process is.
            with chdir(folder), cancelled_by_signals() as stopped:
                answer = runner.invoke([*_SILENT, *arguments, *where])
        finally:
            # The adapter would keep the file open, and nobody else could open it until this
            # process ends.
            reset_adapters()
            with suppress(Exception):  # dbt never came to open it
                DuckDBConnectionManager.env().close()
            DuckDBConnectionManager.close_all_connections()
        if stopped.is_set() or isinstance(answer.exception, KeyboardInterrupt):
            raise KeyboardInterrupt
        return answer

    def _check(self, answer: Any, command: str) -> None:
        """Raise the error that says what failed in a dbt command, if anything did."""
        if answer.success:
            return
        log = f"{self._log_path / 'dbt.log'} has all that dbt says"
        if answer.exception is not None or answer.result is None:
            raise FeatureStoreError(
                f"dbt {command}: {str(answer.exception).strip()}",
                next_step=f"correct it, then run again; {log}",
            ) from answer.exception
        results = answer.result.results
        failed = [
            f"{result.node.unique_id}: {result.status}: {_shortened(result.message)}"
            for result in results
            if result.status in _FAILED
        ]
        skipped = sum(result.status == "skipped" for result in results)
        more = [f"… and {len(failed) - _LISTED} more"] if len(failed) > _LISTED else []
        raise FeatureStoreError(
            f"dbt {command}: {len(failed)} of {len(results)} nodes failed, {skipped} were skipped"
            "\n  - " + "\n  - ".join(failed[:_LISTED] + more),
            next_step=f"correct them, then run again; {log}",
        )


def _shortened(message: str | None) -> str:
    text = " ".join((message or "").split())
    return text if len(text) <= _MESSAGE else text[:_MESSAGE] + "…"
