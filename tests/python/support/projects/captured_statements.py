"""The statements with which dbt built feature views, run again on other events without dbt.

A run of dbt takes seconds; its statements, taken from its log, take milliseconds. They do not
depend on the events, only on whether the tables exist; a test compares their results with dbt.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from support.projects.feature_view_events import Event, write_events
from support.projects.incremental_project import IncrementalProject, Rows, built
from support.projects.incremental_views import EVENTS, TYPES, VIEWS
from support.projects.large_event_batches import load_batch
from support.servers.dbt_process import Run, dbt_forker

_COMMENT = re.compile(r"(?s)/\*.*?\*/")
#: Events of each of the two batches that dbt builds from.
BATCH = 150


@dataclass(frozen=True)
class Captured:
    """A project that dbt has built of one batch, incrementally of a second one, then in full.

    The tables are those after the incremental run, and after the full one.
    """

    folder: Path  # where the warehouse may be copied to
    project: IncrementalProject
    incremental: Run
    full: Run
    incremental_tables: dict[str, Rows]
    full_tables: dict[str, Rows]

    def replay(self, view: str) -> Replay:
        """Return a new warehouse in which the statements of a view run."""
        warehouse = self.folder / view / self.project.warehouse.name  # as the statements call it
        warehouse.parent.mkdir()
        shutil.copy(self.project.warehouse, warehouse)
        return Replay(warehouse, view, self.full, self.incremental)


def captured_project(folder: Path) -> Captured:
    """Build the views of two batches with dbt."""
    project = IncrementalProject(folder / "project", VIEWS, TYPES, EVENTS, threads=2)
    with dbt_forker(project.folder) as dbt:
        for number in (0, 1):
            with project.connected() as connection:
                load_batch(connection, number, BATCH)
            incremental = dbt.run("run")
            assert incremental.code == 0, incremental.said
        incremental_tables = project.tables()
        full = dbt.run("run", "--full-refresh")
    return Captured(folder, project, incremental, full, incremental_tables, project.tables())


def without_reads(statements: Sequence[str]) -> list[str]:
    """Return statements without those that only read columns, indexes and expressions."""
    plain = (_COMMENT.sub("", sql).strip() for sql in statements)
    return [sql for sql in plain if not sql.lower().startswith(("select", "describe", "with"))]


class Replay:
    """A warehouse in which the statements of one view run, taken from two runs of dbt.

    The file was built by dbt and has the name by which the statements call it; it is changed here.
    """

    def __init__(self, warehouse: Path, view: str, full: Run, incremental: Run):
        self.view = view
        self.full = without_reads(full.statements[view])
        self.incremental = without_reads(incremental.statements[view])
        self.connection = duckdb.connect(str(warehouse))
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute("set threads = 2")

    def load(self, events: Sequence[Event]) -> None:
        """Replace the events by these."""
        write_events(self.connection, events, "raw_events")

    def _run(self, statements: Sequence[str]) -> None:
        """Run statements in a connection of their own, as dbt does: temporary tables go with it."""
        with self.connection.cursor() as connection:
            for sql in statements:
                connection.execute(sql)

    def build(self) -> None:
        self._run(self.full)

    def update(self) -> None:
        self._run(self.incremental)

    def tables(self) -> dict[str, Rows]:
        return built(self.connection, self.view)

    def of_full_build(self, read: Callable[[duckdb.DuckDBPyConnection, str], Any] = built) -> Any:
        """Return what is read of the view after a full build, which is rolled back."""
        with self.connection.cursor() as connection:
            for sql in self.full[: self.full.index("COMMIT")]:
                connection.execute(sql)
            found = read(connection, self.view)
            connection.execute("ROLLBACK")
        return found

    def row_ids(self) -> dict[int, tuple[object, ...]]:
        """Return the rows of the feature table by row id, which is a new one after a rebuild."""
        rows = self.connection.execute(f"select rowid, * from features.{self.view}").fetchall()
        return {row[0]: row[1:] for row in rows}
