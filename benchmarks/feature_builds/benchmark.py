"""The benchmark of feature builds: its projects, contenders and parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from feature_builds.cases import OURS, PANDAS, PANDAS_GROUPS, POLARS, Case, Part
from feature_builds.compare_tables import compare
from feature_builds.incremental_runs import measure_incremental_runs
from feature_builds.project import Project, create_project
from feature_builds.report import BuildsOutcome
from harness.command import Session
from harness.contenders import Contender, Measured, Run, run_in_turn
from harness.processes import module_command, run_contender

#: Each repeat of the incremental runs takes several builds.
_INCREMENTAL_REPEATS = 3
#: Contenders whose first build takes longer than these seconds run once.
_LONG_SECONDS = 100


@dataclass
class BuildsBenchmark:
    """The benchmark of feature builds.

    Attributes:
        session: the conditions of the run.
        python: the interpreter of the data frames' environment; None for this project alone.
        memory_limit: memory that DuckDB may take, such as ``2GB``.
    """

    session: Session
    python: Path | None
    memory_limit: str
    _projects: dict[Case, Project] = field(default_factory=dict)

    def run(self, parts: Sequence[Part], cases: Mapping[Part, Sequence[Case]]) -> BuildsOutcome:
        """Measure the cases of some parts, and return the results."""
        outcome = BuildsOutcome(self.memory_limit)
        measure = {Part.BUILDS: self._builds, Part.DAYS: self._days, Part.GROWTH: self._growth}
        for part in parts:
            for case in cases[part]:
                self.session.tell(f"{part.value}: {case}")
                measure[part](case, outcome)
                self.session.save(outcome)
        return outcome

    def _project(self, case: Case) -> Project:
        """Return the project with the events of a case; it is created on first use."""
        if case not in self._projects:
            self.session.tell(f"generating {case.events:,} events")
            self._projects[case] = create_project(
                self.session.scratch / f"{case.events}_{case.lines}",
                case.events,
                case.lines,
                self.session.environment,
                self.memory_limit,
            )
        return self._projects[case]

    def _builds(self, case: Case, outcome: BuildsOutcome) -> None:
        project = self._project(case)
        contenders = [Contender(OURS, project.build_anew)]
        if self.python:
            contenders += [
                self._data_frame(POLARS, "feature_builds.build_with_polars", project),
                self._data_frame(PANDAS, "feature_builds.build_with_pandas", project),
                self._data_frame(
                    PANDAS_GROUPS, "feature_builds.build_with_pandas", project, "--groups"
                ),
            ]
        outcome.builds[case] = self._run_in_turn(contenders, self.session.repeats)
        outcome.compared[case] = [
            compare(one.name, project.warehouse, one.result) for one in contenders if one.result
        ]

    def _data_frame(self, name: str, module: str, project: Project, *options: str) -> Contender:
        """Return a contender that builds the table as a data frame, from the Parquet file."""
        result = project.events.with_name(f"{module}{'_'.join(options)}.parquet")
        command = module_command(
            self.python or "", module, "--events", project.events, "--result", result, *options
        )

        def build() -> Run:
            return Run(**run_contender(command, result.parent, project.environment))

        return Contender(name, build, result=result)

    def _days(self, case: Case, outcome: BuildsOutcome) -> None:
        outcome.days[case] = measure_incremental_runs(
            self._project(case), min(self.session.repeats, _INCREMENTAL_REPEATS), self.session.tell
        )

    def _growth(self, case: Case, outcome: BuildsOutcome) -> None:
        repeats = self.session.repeats if case.events <= 10_000_000 else 1
        contender = Contender(OURS, self._project(case).build_anew)
        [outcome.growth[case]] = self._run_in_turn([contender], repeats)

    def _run_in_turn(self, contenders: Sequence[Contender], repeats: int) -> list[Measured]:
        return run_in_turn(
            contenders,
            repeats,
            self.session.tell,
            long_seconds=_LONG_SECONDS,
            long_repeats=1,
        )
