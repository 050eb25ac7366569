"""What is measured, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from feature_builds.data import write_events
from feature_builds.days import run_days
from feature_builds.outcome import Case, Outcome
from feature_builds.runs import (
    PANDAS,
    PANDAS_GROUPS,
    POLARS,
    Contender,
    data_frames,
    ours,
    run_in_turn,
)
from feature_builds.tables import compare
from feature_builds.warehouse import Project, make_project

#: Each takes several builds.
DAY_REPEATS = 3


class Part(Enum):
    """What may be measured alone."""

    BUILDS = "builds"
    DAYS = "days"
    GROWTH = "growth"


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        builds: full builds by all contenders.
        days: what a day costs.
        growth: full builds by this project alone.
    """

    builds: tuple[Case, ...]
    days: tuple[Case, ...]
    growth: tuple[Case, ...]


SMALL = Plan((Case(5_000, 1),), (Case(5_000, 1),), (Case(5_000, 1),))
FULL = Plan(
    builds=(Case(10_000_000, 1), Case(10_000_000, 9)),
    days=(Case(10_000_000, 9), Case(10_000_000, 1)),
    growth=(Case(1_000_000, 1), Case(10_000_000, 1), Case(100_000_000, 1)),
)


@dataclass
class Bench:
    """A benchmark that runs.

    Attributes:
        plan: what is measured.
        scratch: folder of the data.
        environment: of all processes.
        python: interpreter of the data frames' environment; None for this project alone.
        memory_limit: what DuckDB may take, such as ``2GB``.
        repeats: runs of each.
        tell: takes one line about each step.
        save: is given what was found so far, after each step.
    """

    plan: Plan
    scratch: Path
    environment: dict[str, str]
    python: Path | None
    memory_limit: str
    repeats: int
    tell: Callable[[str], None]
    save: Callable[[Outcome], None] = lambda outcome: None
    outcome: Outcome = field(default_factory=Outcome)
    _projects: dict[Case, Project] = field(default_factory=dict)

    def run(self, parts: Sequence[Part]) -> Outcome:
        """Measure some parts, and return what was found."""
        self.outcome.memory_limit = self.memory_limit
        work = {Part.BUILDS: self._builds, Part.DAYS: self._days, Part.GROWTH: self._growth}
        for part in parts:
            work[part]()
        return self.outcome

    def _project(self, case: Case) -> Project:
        """Return the project over the events of a case, which is made when it is first needed."""
        if case not in self._projects:
            folder = self.scratch / f"{case.events}_{case.lines}"
            folder.mkdir()
            files = folder / "events.parquet", folder / "day_after.parquet"
            self.tell(f"generating {case.events:,} events")
            write_events(*files, case.events, case.lines)
            self._projects[case] = make_project(folder, *files, self.environment, self.memory_limit)
        return self._projects[case]

    def _builds(self) -> None:
        for case in self.plan.builds:
            self.tell(f"full builds: {case}")
            project = self._project(case)
            frames = self._data_frames(project)
            found = run_in_turn([ours(project), *frames], self.repeats, self.tell)
            self.outcome.builds[case] = found
            self.outcome.compared[case] = [
                compare(frame.name, project.warehouse, frame.result)
                for frame in frames
                if frame.result
            ]
            self.save(self.outcome)

    def _data_frames(self, project: Project) -> list[Contender]:
        if not self.python:
            return []
        pandas = "build_with_pandas.py"
        return [
            data_frames(POLARS, "build_with_polars.py", self.python, project),
            data_frames(PANDAS, pandas, self.python, project),
            data_frames(PANDAS_GROUPS, pandas, self.python, project, "--groups"),
        ]

    def _days(self) -> None:
        for case in self.plan.days:
            self.tell(f"what a day costs: {case}")
            repeats = min(self.repeats, DAY_REPEATS)
            self.outcome.days[case] = run_days(self._project(case), repeats, self.tell)
            self.save(self.outcome)

    def _growth(self) -> None:
        for case in self.plan.growth:
            self.tell(f"growth: {case}")
            repeats = self.repeats if case.events <= 10_000_000 else 1
            [found] = run_in_turn([ours(self._project(case))], repeats, self.tell)
            self.outcome.growth[case] = found
            self.save(self.outcome)
