"""Costs of runs after a full build: with one day more, with nothing new, and with late rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from feature_builds.data import DAYS, end_of_day
from feature_builds.project import TABLE, Project
from harness.contenders import Measured, Run

#: Customers who get a late row, and the age of that row.
LATE_CUSTOMERS = 1_000
LATE_DAYS = 60

_CUSTOMERS = (
    "select customer_id from order_lines group by customer_id "
    f"order by hash(customer_id), customer_id limit {LATE_CUSTOMERS}"
)
_INSERT_LATE_ROWS = (
    "insert into order_lines select customer_id, 0, "
    f"timestamp '{end_of_day(DAYS)}' - interval {LATE_DAYS} days, 1.00, "
    f"timestamp '{end_of_day(DAYS + 1)}' from ({_CUSTOMERS})"
)
_REMOVE_CUSTOMERS = (
    f"create table chosen as {_CUSTOMERS}; "
    "create table removed as from order_lines semi join chosen using (customer_id); "
    "delete from order_lines where customer_id in (from chosen)"
)
_RESTORE_CUSTOMERS = "insert into order_lines from removed; drop table removed; drop table chosen"


@dataclass(frozen=True)
class DayFacts:
    """Changes of one more day.

    Attributes:
        events: events of the day.
        customers: share of the customers who have any of them.
        rows: share of the table's rows that differ from those before the day.
        wrong_rows: rows, of either, that differ between the incremental and a full build.
    """

    events: int
    customers: float
    rows: float
    wrong_rows: int


@dataclass(frozen=True)
class IncrementalCosts:
    """Runs of the feature view by what is new; ``seconds`` are those of its SQL with its hooks.

    Attributes:
        full: full builds.
        day: runs after one more day.
        nothing: runs without anything new.
        start_up: runs that select no model.
        late: runs after one late row of some customers.
        entities: runs after all rows of these customers.
        day_facts: changes of the day.
    """

    full: Measured
    day: Measured
    nothing: Measured
    start_up: Measured
    late: Measured
    entities: Measured
    day_facts: DayFacts


def measure_incremental_runs(
    project: Project, repeats: int, tell: Callable[[str], None]
) -> IncrementalCosts:
    """Build in full, then add a day, nothing, late rows and whole entities, each to a copy.

    Args:
        project: the project with the events of 180 days.
        repeats: runs of each kind.
        tell: takes one line about each run.
    """
    built = project.folder / "built.duckdb"
    runs: dict[str, list[Run]] = {}
    facts: DayFacts | None = None

    def keep(kind: str, run: Run) -> None:
        runs.setdefault(kind, []).append(run)
        tell(f"  {kind}: SQL {run}, dbt {run.command_seconds:.2f} s")

    for _ in range(repeats):
        keep("full", project.build_anew())
        shutil.copy(project.warehouse, built)
        project.add_day_after()
        keep("day", project.run())
        facts = facts or _facts_of_day(project, built)
        keep("nothing", project.run())
        keep("start_up", project.run("--nothing"))
        shutil.copy(built, project.warehouse)
        project.execute(_INSERT_LATE_ROWS)
        keep("late", project.run())
        shutil.move(built, project.warehouse)
        project.execute(_REMOVE_CUSTOMERS)
        project.run()
        project.execute(_RESTORE_CUSTOMERS)
        keep("entities", project.run())
    assert facts is not None
    measured = {kind: Measured(kind, tuple(found)) for kind, found in runs.items()}
    return IncrementalCosts(**measured, day_facts=facts)


def _facts_of_day(project: Project, built: Path) -> DayFacts:
    """Return what the day changed; compare the table with a full build, and restore it."""
    is_new = f"loaded_at > '{end_of_day(DAYS)}'"
    [(events, customers, rows)] = project.execute(
        f"""
        attach '{built}' as before (read_only);
        select
            (select count(*) from order_lines where {is_new}),
            (select count(distinct customer_id) filter (where {is_new}) from order_lines)
            / (select count(distinct customer_id) from order_lines),
            (select count(*) from (from {TABLE} except from before.{TABLE}))
            / (select count(*) from {TABLE});
        """
    )
    incremental = project.folder / "incremental.duckdb"
    shutil.copy(project.warehouse, incremental)
    project.run("--full-refresh")
    [(wrong_rows,)] = project.execute(
        f"""
        attach '{incremental}' as incremental (read_only);
        select count(*)
        from (
            (from {TABLE} except all from incremental.{TABLE})
            union all (from incremental.{TABLE} except all from {TABLE})
        );
        """
    )
    shutil.move(incremental, project.warehouse)
    return DayFacts(events, customers, rows, wrong_rows)
