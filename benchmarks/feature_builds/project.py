"""The dbt project over the generated events, and runs of its feature view."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from feature_builds.data import write_events
from feature_builds.task import VIEW
from feature_store.warehouse.connection import connect
from harness.contenders import Run
from harness.processes import copy_dbt_project, module_command, run_contender, run_dbt
from harness.work_database import parquet

TABLE = f"features.{VIEW}_v1"


@dataclass(frozen=True)
class Project:
    """The dbt project, and its warehouse with the events of 180 days.

    Attributes:
        folder: the folder of the project; the files of events are in the folder above.
        environment: the environment of its processes.
    """

    folder: Path
    environment: dict[str, str]

    @property
    def events(self) -> Path:
        """The events of 180 days (Parquet)."""
        return self.folder.with_name("events.parquet")

    @property
    def day_after(self) -> Path:
        """The events of the day after these (Parquet)."""
        return self.folder.with_name("day_after.parquet")

    @property
    def empty_warehouse(self) -> Path:
        """The warehouse with the events of 180 days, without features."""
        return self.folder / "base.duckdb"

    @property
    def warehouse(self) -> Path:
        """The warehouse that features are built in."""
        return self.folder / "warehouse.duckdb"

    def execute(self, sql: str) -> list[tuple]:
        """Run SQL in the warehouse, and return the rows of the last statement."""
        connection = connect(self.warehouse, read_only=False)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def add_day_after(self) -> None:
        """Insert the events of the day after the 180 days."""
        self.execute(
            "insert into order_lines select customer_id, order_id, ordered_at, paid_amount, "
            f"loaded_at from {parquet(self.day_after)}"
        )

    def run(self, *options: str) -> Run:
        """Build the feature view in a process of its own.

        Args:
            options: options of ``build_with_dbt.py``.

        Raises:
            FeatureStoreError: the process failed.
        """
        module = "feature_builds.build_with_dbt"
        command = module_command(sys.executable, module, *options, "--project", self.folder)
        return Run(**run_contender(command, self.folder, self.environment))

    def build_anew(self) -> Run:
        """Build the feature view in a warehouse without features."""
        shutil.copy(self.empty_warehouse, self.warehouse)
        return self.run("--full-refresh")


def create_project(
    folder: Path, events: int, lines: int, environment: dict[str, str], memory_limit: str
) -> Project:
    """Generate events, and create a dbt project whose warehouse has those of the 180 days.

    Args:
        folder: the folder of the files and the project.
        events: events of the 180 days.
        lines: events per order, on average.
        environment: the environment of the project's processes.
        memory_limit: memory that DuckDB may take, such as ``2GB``.
    """
    folder.mkdir()
    dbt_project = copy_dbt_project(Path(__file__).resolve().parent / "dbt_project", folder)
    project = Project(dbt_project, environment | {"BENCH_MEMORY_LIMIT": memory_limit})
    write_events(project.events, project.day_after, events, lines)
    run_dbt(project.folder, project.environment, "run", "--select", "order_lines")
    shutil.move(project.warehouse, project.empty_warehouse)
    return project
