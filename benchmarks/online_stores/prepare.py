"""A dbt project and a Feast repository over the generated rows, made before all measuring."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.prepare import copy_dbt_project, copy_feast_repository, run_dbt
from online_stores.data import write_rows
from online_stores.measure import VIEW

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
    """Rows on disk, and what is made of them.

    Attributes:
        rows: how many, one an entity.
        nulls: whether some have none of some features.
        folder: where all of it is.
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
        """The rows before anything has changed (Parquet)."""
        return self.folder / f"{BEFORE}.parquet"


def warehouse(state: str) -> dict[str, str]:
    """Return the environment in which the dbt project stands before or after the change."""
    return {"BENCH_WAREHOUSE": f"{state}.duckdb", "BENCH_ROWS": state}


def make_dataset(
    scratch: Path,
    rows: int,
    *,
    nulls: bool,
    changed: bool,
    only_ttl: bool,
    feast_python: Path | None,
    environment: dict[str, str],
    tell: Callable[[str], None],
) -> Dataset:
    """Generate rows, serve them with dbt and register them with Feast.

    Args:
        scratch: where the dataset's folder goes.
        rows: how many.
        nulls: whether some have none of some features.
        changed: whether the state after the change is needed too.
        only_ttl: whether the versions without a TTL are left out, which saves half of the disk.
        feast_python: interpreter of Feast's environment; None without Feast.
        environment: of all processes.
        tell: takes one line about each step.
    """
    folder = scratch / f"{rows}{'_nulls' if nulls else ''}"
    folder.mkdir()
    tell(f"generating {rows:,} rows{' with nulls' if nulls else ''}")
    write_rows(folder / f"{BEFORE}.parquet", rows, nulls=nulls)
    project = copy_dbt_project(_HERE / "dbt_project", folder)
    tell("building and snapshotting them with dbt")
    served = [f"+served_{view.replace(':', '_')}" for (_, ttl), view in VERSIONS.items() if ttl]
    chosen = ("--select", *served) if only_ttl else ()
    run_dbt("build", project, environment | warehouse(BEFORE), *chosen)
    if changed:
        write_rows(folder / f"{AFTER}.parquet", rows, nulls=nulls, changed=True)
        shutil.copy(project / f"{BEFORE}.duckdb", project / f"{AFTER}.duckdb")
        tell("changing a hundredth of them, and snapshotting again")
        run_dbt("build", project, environment | warehouse(AFTER), *chosen)
    repository = None
    if feast_python:
        # Where Redis is, and how long keys live, is said to each run.
        unused = {"BENCH_REDIS": "127.0.0.1:1", "BENCH_TTL": "0"}
        source = _HERE / "feast_repo"
        repository = copy_feast_repository(source, folder, feast_python, environment | unused)
    return Dataset(rows, nulls, folder, project, repository)
