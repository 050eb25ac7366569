"""Runs of the contenders, each in a process of its own, in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.prepare import run_measured
from bench.report import short

#: Runs of a case, and of one whose first run took longer than LONG_SECONDS.
REPEATS = 5
LONG_REPEATS = 3
LONG_SECONDS = 60


@dataclass(frozen=True)
class Case:
    """What is joined: rows of the feature table, rows of the spine, and a limit of age.

    As text it is ``50k × 10M`` (labels × feature rows), or ``50k × 10M, 28d`` with a limit of age.
    """

    feature_rows: int
    spine_rows: int
    max_age_days: int | None = None

    def __str__(self) -> str:
        limit = f", {self.max_age_days}d" if self.max_age_days else ""
        return f"{short(self.spine_rows)} × {short(self.feature_rows)}{limit}"


@dataclass(frozen=True)
class Contender:
    """Who joins.

    Attributes:
        name: as in the report.
        command: the script and its interpreter.
        project: the project's folder by rows of the feature table; only these are run.
        environment: of its processes.
    """

    name: str
    command: tuple[str, ...]
    project: dict[int, Path]
    environment: dict[str, str]


@dataclass(frozen=True)
class Run:
    """What one run measured.

    Attributes:
        import_seconds: loading the libraries; not part of the comparison.
        open_seconds: opening the project or the registry; not part of the comparison.
        seconds: from the spine's file to the Arrow table.
        import_bytes: most memory held until the libraries were loaded.
        peak_bytes: most memory that the process held at all.
        rows: rows of the result.
        versions: of what it ran on.
    """

    import_seconds: float
    open_seconds: float
    seconds: float
    import_bytes: int
    peak_bytes: int
    rows: int
    versions: dict[str, str]


@dataclass(frozen=True)
class Measured:
    """All runs of one contender in one case; times and memory are medians."""

    contender: str
    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """Median seconds of the join."""
        return median(run.seconds for run in self.runs)

    @property
    def peak_bytes(self) -> float:
        """Median peak memory of the process."""
        return median(run.peak_bytes for run in self.runs)


def result_path(folder: Path, contender: str, case: Case) -> Path:
    """Return where the rows of a contender's first run of a case are kept."""
    age = f"_{case.max_age_days}d" if case.max_age_days else ""
    name = f"{contender}_{case.spine_rows}{age}.parquet".replace(" ", "_")
    return folder / str(case.feature_rows) / name


def spine_path(folder: Path, case: Case) -> Path:
    """Return where the spine of a case is."""
    return folder / str(case.feature_rows) / f"spine_{case.spine_rows}.parquet"


def run_once(contender: Contender, case: Case, spine: Path, result: Path | None) -> Run:
    """Run a contender once, in a process of its own.

    Args:
        contender: who joins.
        case: what is joined.
        spine: the spine's Parquet file.
        result: where to write the joined rows after measuring, if anywhere.

    Raises:
        FeatureStoreError: the process failed.
    """
    project = contender.project[case.feature_rows]
    command = [*contender.command, "--project", str(project), "--spine", str(spine)]
    if case.max_age_days:
        command += ["--max-age-days", str(case.max_age_days)]
    if result:
        command += ["--result", str(result)]
    found = run_measured(command, project, contender.environment)
    return Run(
        import_seconds=found["import_seconds"],
        open_seconds=found["open_seconds"],
        seconds=found["join_seconds"],
        import_bytes=found["import_bytes"],
        peak_bytes=found["join_bytes"],
        rows=found["rows"],
        versions=found["versions"],
    )


def run_case(
    case: Case, contenders: list[Contender], folder: Path, repeats: int, tell: Callable[[str], None]
) -> list[Measured]:
    """Run the contenders of a case in turn, each as often as it needs.

    Every contender runs once before, unmeasured: it writes its rows, and the files that it reads
    come into the page cache.

    Args:
        case: what is joined.
        contenders: who joins; those without a project for the case's rows are left out.
        folder: the scratch folder.
        repeats: runs of each, fewer of what takes long.
        tell: takes one line about each run.
    """
    racing = [contender for contender in contenders if case.feature_rows in contender.project]
    spine = spine_path(folder, case)
    needed: dict[str, int] = {}
    for contender in racing:
        first = run_once(contender, case, spine, result_path(folder, contender.name, case))
        long = first.seconds > LONG_SECONDS
        needed[contender.name] = min(repeats, LONG_REPEATS) if long else repeats
        tell(f"  {contender.name}: {first.seconds:.2f} s, not counted")
    runs: dict[str, list[Run]] = {contender.name: [] for contender in racing}
    for number in range(repeats):
        # Forwards and backwards, so that none always has the other's heat behind it.
        for contender in racing if number % 2 == 0 else racing[::-1]:
            if number < needed[contender.name]:
                run = run_once(contender, case, spine, None)
                runs[contender.name].append(run)
                tell(f"  {contender.name}: {run.seconds:.2f} s, {run.peak_bytes / 1e6:,.0f} MB")
    return [Measured(name, tuple(found)) for name, found in runs.items()]
