"""Datasets of the benchmark: rows, with a dbt project and a Feast repository over them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.command import Session
from harness.processes import apply_feast_repository, copy_dbt_project, run_dbt
from online_stores.data import write_rows
from online_stores.task import VIEW

_HERE = Path(__file__).resolve().parent
#: The versions of the view, by layout and whether their keys have a TTL.
VERSIONS = {
    ("hash", True): f"{VIEW}:v1",
    ("packed", True): f"{VIEW}:v2",
    ("hash", False): f"{VIEW}:v3",
    ("packed", False): f"{VIEW}:v4",
}
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Dataset:
    """Rows, and the projects over them.

    Attributes:
        rows: number of rows, one per entity.
        nulls: whether some features of some rows are null.
        folder: the folder of all files.
        project: the dbt project, with a warehouse before and one after a hundredth has changed.
        repository: the Feast repository, if Feast takes part.
    """

    rows: int
    nulls: bool
    folder: Path
    project: Path
    repository: Path | None

    @property
    def data(self) -> Path:
        """The rows before the change (Parquet)."""
        return self.folder / f"{BEFORE}.parquet"


def warehouse(state: str) -> dict[str, str]:
    """Return the environment variables that select the warehouse before or after the change."""
    return {"BENCH_WAREHOUSE": f"{state}.duckdb", "BENCH_ROWS": state}


def create_dataset(
    session: Session,
    rows: int,
    *,
    nulls: bool,
    changed: bool,
    only_ttl: bool,
    feast_python: Path | None,
) -> Dataset:
    """Generate rows, build and snapshot them with dbt, and register them with Feast.

    Args:
        session: the conditions of the run.
        rows: number of rows.
        nulls: whether some features of some rows are null.
        changed: whether the state after the change is needed too.
        only_ttl: whether to leave out the versions without a TTL, which saves half of the disk.
        feast_python: the interpreter of Feast's environment; None without Feast.
    """
    environment = session.environment
    folder = session.scratch / f"{rows}{'_nulls' if nulls else ''}"
    folder.mkdir()
    session.tell(f"generating {rows:,} rows{' with nulls' if nulls else ''}")
    write_rows(folder / f"{BEFORE}.parquet", rows, nulls=nulls)
    project = copy_dbt_project(_HERE / "dbt_project", folder)
    session.tell("building and snapshotting them with dbt")
    served = [f"+served_{view.replace(':', '_')}" for (_, ttl), view in VERSIONS.items() if ttl]
    selected = ("--select", *served) if only_ttl else ()
    run_dbt(project, environment | warehouse(BEFORE), "build", *selected)
    if changed:
        write_rows(folder / f"{AFTER}.parquet", rows, nulls=nulls, changed=True)
        shutil.copy(project / f"{BEFORE}.duckdb", project / f"{AFTER}.duckdb")
        session.tell("changing a hundredth of them, and snapshotting again")
        run_dbt(project, environment | warehouse(AFTER), "build", *selected)
    repository = None
    if feast_python:
        # Each run sets the address of Redis and the TTL; to register, Feast needs some value.
        unused = {"BENCH_REDIS": "127.0.0.1:1", "BENCH_TTL": "0"}
        source = _HERE / "feast_repo"
        repository = apply_feast_repository(source, folder, feast_python, environment | unused)
    return Dataset(rows, nulls, folder, project, repository)
