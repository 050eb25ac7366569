"""Full builds by all contenders, each in a process of its own, in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.prepare import BENCHMARKS, run_measured
from feature_builds.warehouse import Project

OURS = "this project"
POLARS = "Polars"
PANDAS = "pandas"
PANDAS_GROUPS = "pandas, groupby().rolling()"
#: Runs of a contender whose first run took longer than LONG_SECONDS.
LONG_REPEATS = 1
LONG_SECONDS = 100


@dataclass(frozen=True)
class Run:
    """What one build measured.

    Attributes:
        seconds: until the table is stored, without loading libraries; of this project the SQL's.
        cpu_seconds: what all cores together spent until then; other work does not change it much.
        memory_seconds: until the table is in memory, of data frames.
        command_seconds: of the whole dbt command, of this project.
        import_bytes: most memory that the process held until the libraries were loaded.
        peak_bytes: most memory that it held at all.
        versions: of what it ran on.
    """

    seconds: float
    cpu_seconds: float
    memory_seconds: float | None
    command_seconds: float | None
    import_bytes: int
    peak_bytes: int
    versions: dict[str, str]


@dataclass(frozen=True)
class Contender:
    """Somebody who builds the feature table.

    Attributes:
        name: as in the report.
        build: builds it, and returns what that took.
        result: where a data frame's table is then (Parquet).
    """

    name: str
    build: Callable[[], Run]
    result: Path | None = None


@dataclass(frozen=True)
class Measured:
    """All runs of one contender; times and memory are medians."""

    contender: str
    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """Median seconds until the table is stored."""
        return median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """Median of what all cores together spent until then."""
        return median(run.cpu_seconds for run in self.runs)

    @property
    def memory_seconds(self) -> float | None:
        """Median seconds until the table is in memory."""
        found = [run.memory_seconds for run in self.runs if run.memory_seconds is not None]
        return median(found) if found else None

    @property
    def command_seconds(self) -> float | None:
        """Median seconds of the dbt command."""
        found = [run.command_seconds for run in self.runs if run.command_seconds is not None]
        return median(found) if found else None

    @property
    def peak_bytes(self) -> float:
        """Median peak memory of the process."""
        return median(run.peak_bytes for run in self.runs)


def ours(project: Project) -> Contender:
    """Return this project: a full build with dbt, into a new warehouse."""

    def build() -> Run:
        project.start_over()
        done = project.run("--full-refresh")
        return Run(
            seconds=done.sql_seconds,
            cpu_seconds=done.cpu_seconds,
            memory_seconds=None,
            command_seconds=done.import_seconds + done.seconds,
            import_bytes=done.import_bytes,
            peak_bytes=done.peak_bytes,
            versions=done.versions,
        )

    return Contender(OURS, build)


def data_frames(name: str, script: str, python: Path, project: Project, *options: str) -> Contender:
    """Return a contender that builds the table as a data frame, from the Parquet file.

    Args:
        name: as in the report.
        script: what it runs.
        python: interpreter of the environment that has its library.
        project: whose events are read; beside them the table is written.
        options: of the script.
    """
    result = project.events.with_name(f"{name.partition(',')[0]}{'_'.join(options)}.parquet")
    command = [str(python), str(BENCHMARKS / script), "--events", str(project.events)]
    command += ["--result", str(result), *options]

    def build() -> Run:
        found = run_measured(command, project.events.parent, project.environment)
        return Run(
            seconds=found["build_seconds"] + found["store_seconds"],
            cpu_seconds=found["build_cpu_seconds"] + found["store_cpu_seconds"],
            memory_seconds=found["build_seconds"],
            command_seconds=None,
            import_bytes=found["import_bytes"],
            peak_bytes=found["store_bytes"],
            versions=found["versions"],
        )

    return Contender(name, build, result)


def run_in_turn(
    contenders: Sequence[Contender], repeats: int, tell: Callable[[str], None]
) -> list[Measured]:
    """Run contenders in turn, forwards and backwards.

    Args:
        contenders: who builds.
        repeats: runs of each; one of what takes long.
        tell: takes one line about each run.
    """
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(repeats):
        # None always has the other's heat behind it.
        for contender in contenders if number % 2 == 0 else contenders[::-1]:
            done = runs[contender.name]
            if len(done) >= LONG_REPEATS and done[0].seconds > LONG_SECONDS:
                continue
            run = contender.build()
            done.append(run)
            tell(
                f"  {contender.name}: {run.seconds:.2f} s, {run.cpu_seconds:.2f} s of CPU, "
                f"{run.peak_bytes / 1e6:,.0f} MB"
            )
    return [Measured(name, tuple(found)) for name, found in runs.items()]
