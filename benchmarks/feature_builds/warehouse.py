"""The dbt project over the generated events, and runs of its one feature view."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.prepare import BENCHMARKS, copy_dbt_project, run_dbt, run_measured
from feature_builds.measure import VIEW
from feature_store.warehouse.connection import connect

_HERE = Path(__file__).resolve().parent
TABLE = f"features.{VIEW}_v1"


@dataclass(frozen=True)
class DbtRun:
    """What one dbt command took.

    Attributes:
        sql_seconds: of the feature view's SQL, hooks included.
        cpu_seconds: what all cores together spent on it.
        seconds: of the command, without importing dbt.
        import_seconds: importing dbt.
        peak_bytes: most memory that the process held.
        import_bytes: most memory that it held until dbt was imported.
        versions: of what it ran on.
    """

    sql_seconds: float
    cpu_seconds: float
    seconds: float
    import_seconds: float
    peak_bytes: int
    import_bytes: int
    versions: dict[str, str]


@dataclass(frozen=True)
class Project:
    """The dbt project, and the warehouse that has the events of 180 days.

    Attributes:
        folder: of the project.
        events: the Parquet file that the event table is made of.
        day_after: the Parquet file of the events that come next.
        environment: of its processes.
    """

    folder: Path
    events: Path
    day_after: Path
    environment: dict[str, str]

    @property
    def base(self) -> Path:
        """The warehouse with the event table alone."""
        return self.folder / "base.duckdb"

    @property
    def warehouse(self) -> Path:
        """The warehouse that is built into."""
        return self.folder / "warehouse.duckdb"

    def start_over(self) -> None:
        """Take a new warehouse, in which nothing is built."""
        shutil.copy(self.base, self.warehouse)

    def execute(self, sql: str) -> list[tuple]:
        """Run SQL in the warehouse, and return the rows of the last statement."""
        connection = connect(self.warehouse, read_only=False)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def add_day_after(self) -> None:
        """Let the events of the day after the 180 days arrive."""
        self.execute(
            "insert into order_lines select customer_id, order_id, ordered_at, paid_amount, "
            f"loaded_at from '{self.day_after}'"
        )

    def run(self, *options: str) -> DbtRun:
        """Build the feature view in a process of its own.

        Args:
            options: of ``build_with_dbt.py``.

        Raises:
            FeatureStoreError: the process failed.
        """
        command = [sys.executable, str(BENCHMARKS / "build_with_dbt.py"), *options]
        found = run_measured(
            [*command, "--project", str(self.folder)], self.folder, self.environment
        )
        return DbtRun(
            sql_seconds=found["sql_seconds"],
            cpu_seconds=found["sql_cpu_seconds"],
            seconds=found["build_seconds"],
            import_seconds=found["import_seconds"],
            peak_bytes=found["build_bytes"],
            import_bytes=found["import_bytes"],
            versions=found["versions"],
        )


def make_project(
    folder: Path, events: Path, day_after: Path, environment: dict[str, str], memory_limit: str
) -> Project:
    """Make the project, and its warehouse with the events of the 180 days.

    Args:
        folder: where the project goes.
        events: the Parquet file ``events.parquet`` in the same folder.
        day_after: the Parquet file of the events that come next.
        environment: of its processes.
        memory_limit: what DuckDB may take, such as ``2GB``.
    """
    environment = environment | {"BENCH_MEMORY_LIMIT": memory_limit}
    dbt_project = copy_dbt_project(_HERE / "dbt_project", folder)
    project = Project(dbt_project, events, day_after, environment)
    run_dbt("run", project.folder, environment, "--select", "order_lines")
    shutil.move(project.warehouse, project.base)
    return project
