"""dbt run in this process: a project is parsed once, and built as often as needed.

It is parsed without ``--vars``: dbt parses the whole project again when they differ from those of
the last time, and as_of differs in every run. Macros read as_of only when they make SQL.
"""

from __future__ import annotations

import re
import textwrap
import time
from collections.abc import Callable, Iterable
from contextlib import chdir, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from feature_store.dbt.builds import BuildEvents, DbtBuild, DbtTimes
from feature_store.dbt.signals import cancelled_by_signals
from feature_store.display import shortened
from feature_store.errors import FeatureStoreError, bullets
from feature_store.profiles import profiles_dir_of
from feature_store.settings import Settings
from feature_store.warehouse.connection import LockRetry, wait_for_warehouse
from feature_store.warehouse.errors import is_locked

#: The most nodes that are named, and the most characters of dbt's message on each.
_LISTED, _MESSAGE = 5, 300
_FAILED = ("error", "fail", "runtime error", "partial success")
#: dbt prints nothing; its log file has everything.
_SILENT = ("--log-level", "none", "--log-level-file", "debug")


@dataclass
class DbtProject:
    """The dbt project of some settings.

    Args:
        target: the target as the user gave it; None is dbt's own choice. dbt parses the project
            again after a command with another target, so it is not named where it need not be.
        profiles_dir: the folder of the profiles.yml, where it is not the project's.
        log_path: the folder of dbt's log, where it is not the project's.
        working_dir: the folder from which relative paths of profiles.yml are resolved, where it is
            not the project's.
    """

    settings: Settings
    target: str | None = None
    profiles_dir: Path | None = None
    log_path: Path | None = None
    working_dir: Path | None = None
    _manifest: Any = field(default=None, init=False)
    #: The duration of parsing, until a build reports it.
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
            on_node: called after each node with the number of nodes done, and of all nodes.

        Raises:
            FeatureStoreError: the project cannot be read, or something failed; names it.
        """
        self.parse()
        times, self._parsed = self._parsed, DbtTimes()
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        if as_of is not None:
            arguments += ["--vars", f"{{as_of: '{as_of.isoformat(' ')}'}}"]
        events = BuildEvents(on_node)
        reply, began = self._invoke_alone(arguments, [events])
        self._check(reply, "build")
        results = [one for one in reply.result.results if one.node.resource_type != "operation"]
        ended = time.perf_counter()
        first, last = events.first or ended, events.last or ended
        times.starting, times.nodes, times.closing = first - began, last - first, ended - last
        times.executing = sum(
            (part.completed_at - part.started_at).total_seconds()
            for result in results
            for part in result.timing
            if part.name == "execute" and part.started_at and part.completed_at
        )
        warned = [result.node.name for result in results if result.status == "warn"]
        return DbtBuild(as_of, len(results), sorted(warned), times, events.warnings)

    def install_packages(self) -> None:
        """Install the dbt packages that the project names, as ``dbt deps``.

        Raises:
            FeatureStoreError: a package cannot be read or fetched.
        """
        self._check(self._invoke(["deps"]), "deps")

    def parse(self) -> None:
        """Parse the project and write ``manifest.json``, unless this was done already."""
        if self._manifest is not None:
            return
        began = time.perf_counter()
        import dbt.cli.main  # noqa: F401 - takes seconds, and changes logging in its process

        imported = time.perf_counter()
        reply = self._invoke(["parse"])
        if not reply.success:
            # After an edit of a YAML with versions and snapshots, dbt's partial parsing fails on a
            # project that is right: only a whole parse says what is wrong.
            reply = self._invoke(["parse", "--no-partial-parse"])
        self._check(reply, "parse")
        self._manifest = reply.result
        self._parsed = DbtTimes(importing=imported - began, parsing=time.perf_counter() - imported)

    @property
    def manifest(self) -> Any:
        """Dbt's manifest of the project, which is parsed for it."""
        self.parse()
        return self._manifest

    def compile(self, selected: Iterable[str]) -> dict[str, str]:
        """Return the SQL of some models by unique id, as in a full build.

        Args:
            selected: the models, as dbt's ``--select`` takes them.

        Raises:
            FeatureStoreError: a model cannot be compiled; holds dbt's whole message on each.
        """
        arguments = ["compile", "--full-refresh", "--select", *selected]
        self.parse()
        reply, _ = self._invoke_alone(arguments)
        results = reply.result.results if reply.result is not None else []
        failed = [str(result.message) for result in results if result.status in _FAILED]
        if reply.exception is not None:
            failed.append(str(reply.exception))
        if failed:
            said = "\n".join(map(_without_calls, failed))
            raise FeatureStoreError(said, next_step="correct it, then run again")
        self._check(reply, "compile")
        return {result.node.unique_id: result.node.compiled_code for result in results}

    def _invoke_alone(
        self, arguments: list[str], callbacks: Iterable[Callable[[Any], None]] = ()
    ) -> tuple[Any, float]:
        """Run dbt when nothing else has the warehouse open; return the reply, and when it began."""
        retry = LockRetry(self.settings.warehouse_path, for_writing=True)
        while True:
            wait_for_warehouse(self.settings.warehouse_path)
            began = time.perf_counter()
            # A copy: dbt keeps in it what it compiles, and would not compile some of it again.
            reply = self._invoke(arguments, _copy(self._manifest), callbacks)
            if reply.exception is None or not is_locked(reply.exception):
                return reply, began
            # Another opened it just before dbt did. dbt opens it once, so it has done nothing yet.
            retry.pause(reply.exception)

    def _invoke(
        self,
        arguments: list[str],
        manifest: Any = None,
        callbacks: Iterable[Callable[[Any], None]] = (),
    ) -> Any:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters
        from dbt.cli.main import dbtRunner

        folder = self.settings.project_dir
        where = ["--project-dir", str(folder)]
        if arguments[0] != "deps":  # which makes no artifacts
            where += ["--target-path", str(self.settings.target_path)]
        where += ["--profiles-dir", str(self.profiles_dir or profiles_dir_of(folder))]
        where += ["--log-path", str(self._log_path)]
        if self.target:
            where += ["--target", self.target]
        runner = dbtRunner(manifest=manifest, callbacks=[*callbacks])
        try:
            # The adapter resolves a relative path of the warehouse from the working directory.
            with chdir(self.working_dir or folder), cancelled_by_signals() as stopped:
                reply = runner.invoke([*_SILENT, *arguments, *where])
        finally:
            # The adapter would keep the file open, and nobody else could open it until this
            # process ends.
            reset_adapters()
            with suppress(Exception):  # dbt never came to open it
                DuckDBConnectionManager.env().close()
            DuckDBConnectionManager.close_all_connections()
        if stopped.is_set() or isinstance(reply.exception, KeyboardInterrupt):
            raise KeyboardInterrupt
        return reply

    def _check(self, reply: Any, command: str) -> None:
        if reply.success:
            return
        log = f"{self._log_path / 'dbt.log'} has dbt's whole output"
        if reply.exception is not None or not hasattr(reply.result, "results"):
            raise FeatureStoreError(
                f"dbt {command}: {str(reply.exception).strip()}",
                next_step=f"correct it, then run again; {log}",
            ) from reply.exception
        results = reply.result.results
        failed = [
            f"{result.node.unique_id}: {result.status}: {_one_line(result.message)}"
            for result in results
            if result.status in _FAILED
        ]
        skipped = sum(result.status == "skipped" for result in results)
        raise FeatureStoreError(
            f"dbt {command}: {len(failed)} of {len(results)} nodes failed, {skipped} were skipped"
            f"{bullets(failed, _LISTED)}",
            next_step=f"correct them, then run again; {log}",
        )


def _copy(manifest: Any) -> Any:
    """Return a copy of a manifest; dbt's own method fails where something is disabled."""
    disabled, manifest.disabled = manifest.disabled, {}
    try:
        copy = manifest.deepcopy()
    finally:
        manifest.disabled = disabled
    copy.disabled = dict(disabled)
    return copy


def _without_calls(message: str) -> str:
    """Return an error of a model without the macros through which it came."""
    lines = [line for line in message.splitlines() if not line.strip().startswith(">")]
    heads = [
        at for at, line in enumerate(lines) if re.match(r"\s*(Runtime|Compilation) Error", line)
    ]
    return textwrap.dedent("\n".join(lines[heads[-1] + 1 if heads else 0 :])).strip()


def _one_line(message: str | None) -> str:
    return shortened(" ".join((message or "").split()), _MESSAGE)
