"""The benchmark of joins: its data and projects, the runs of its contenders, and comparisons."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.command import Session
from harness.contenders import Contender, Run, run_in_turn
from harness.processes import (
    apply_feast_repository,
    copy_dbt_project,
    module_command,
    run_contender,
    run_dbt,
)
from joins.cases import FEAST, OURS, Case
from joins.compare_rows import compare, special_labels
from joins.data import write_features, write_spine
from joins.report import JoinsOutcome

_HERE = Path(__file__).resolve().parent


@dataclass
class JoinsBenchmark:
    """The benchmark of joins.

    Attributes:
        session: the conditions of the run.
        feast_python: the interpreter of Feast's environment; None without Feast.
    """

    session: Session
    feast_python: Path | None
    _projects: dict[int, Path] = field(default_factory=dict)
    _repositories: dict[int, Path] = field(default_factory=dict)

    def run(self, cases: Sequence[Case]) -> JoinsOutcome:
        """Run every case, and compare the values where both contenders ran."""
        for rows in sorted({case.feature_rows for case in cases}):
            self._prepare(rows, cases)
        outcome = JoinsOutcome()
        for number, case in enumerate(cases, 1):
            self.session.tell(f"case {number} of {len(cases)}: {case}")
            contenders = self._contenders(case)
            outcome.runs[case] = run_in_turn(
                contenders, self.session.repeats, self.session.tell, warm_up=True
            )
            if len(contenders) == 2:
                spine = self._spine(case)
                ours, feast = (one.result for one in contenders)
                outcome.compared[case] = compare(ours, feast, spine)
                features = spine.with_name("features.parquet")
                outcome.special_labels[case] = special_labels(spine, features)
            self.session.save(outcome)
        return outcome

    def _spine(self, case: Case) -> Path:
        return self.session.scratch / str(case.feature_rows) / f"spine_{case.labels}.parquet"

    def _prepare(self, rows: int, cases: Sequence[Case]) -> None:
        """Generate a feature table and its spines; load it with dbt and register it with Feast."""
        folder = self.session.scratch / str(rows)
        folder.mkdir()
        self.session.tell(f"generating {rows:,} feature rows")
        write_features(folder / "features.parquet", rows)
        for case in cases:
            if case.feature_rows == rows and not self._spine(case).exists():
                self.session.tell(f"generating {case.labels:,} labels for them")
                write_spine(self._spine(case), case.labels, rows)
        self.session.tell("building them with dbt")
        self._projects[rows] = copy_dbt_project(_HERE / "dbt_project", folder)
        run_dbt(self._projects[rows], self.session.environment, "run")
        # On fewer rows this project runs alone, to show how its time grows.
        if self.feast_python and rows == max(case.feature_rows for case in cases):
            self.session.tell("registering them with Feast")
            self._repositories[rows] = apply_feast_repository(
                _HERE / "feast_repo", folder, self.feast_python, self.session.environment
            )

    def _contenders(self, case: Case) -> list[Contender]:
        project = self._projects[case.feature_rows]
        found = [
            self._contender(OURS, sys.executable, "joins.join_with_feature_store", project, case)
        ]
        repository = self._repositories.get(case.feature_rows)
        if self.feast_python and repository:
            module = "joins.join_with_feast"
            found.append(self._contender(FEAST, self.feast_python, module, repository, case))
        return found

    def _contender(
        self, name: str, python: str | Path, module: str, project: Path, case: Case
    ) -> Contender:
        """Return a contender, which writes its joined rows in the warm-up run."""
        command = module_command(python, module, "--project", project, "--spine", self._spine(case))
        age = ""
        if case.max_age_days:
            command += ["--max-age-days", str(case.max_age_days)]
            age = f"_{case.max_age_days}d"
        file = f"{name.lower().replace(' ', '_')}_{case.labels}{age}.parquet"
        result = self._spine(case).with_name(file)

        def run(*options: str) -> Run:
            return Run(**run_contender([*command, *options], project, self.session.environment))

        return Contender(name, run, lambda: run("--result", str(result)), result)
