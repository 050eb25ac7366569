"""What a case for the dbt_expectations stand-in is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One generic test in the temporary project.

    Attributes:
        test: the test's name, without ``expect_``.
        model: a table of ``stand_in_cases.tables``.
        failures: how many failures the test must report; 0 is a pass, None an SQL error.
        arguments: the test's arguments.
        config: dbt's own configuration of the test.
    """

    test: str
    model: str
    failures: int | None
    arguments: dict[str, object]
    config: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        told = {"column_name": "", **self.arguments}
        column = str(told.pop("column_name"))
        rest = [f"{name}={value}" for name, value in {**told, **self.config}.items()]
        return "-".join([self.test, self.model, *([column] if column else []), *rest])


def cases(test: str, model: str, column: str | None, *rows: tuple[int | None, dict]) -> list[Case]:
    """Build the cases of one test on one column."""
    shared = {"column_name": column} if column else {}
    return [Case(test, model, failures, {**shared, **arguments}) for failures, arguments in rows]
