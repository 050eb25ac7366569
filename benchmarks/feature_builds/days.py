"""What a run costs after a full build: a day more, nothing new, late rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from feature_builds.data import DAYS, arrived_until
from feature_builds.warehouse import TABLE, DbtRun, Project

#: Customers who get a late row, and how old it is.
LATE_CUSTOMERS = 1_000
LATE_DAYS = 60


@dataclass(frozen=True)
class Cost:
    """Medians of the runs of one kind, in seconds.

    Attributes:
        sql: of the feature view's SQL, hooks included.
        cpu: what all cores together spent on it.
        command: of the whole dbt command.
    """

    sql: float
    cpu: float
    command: float


@dataclass(frozen=True)
class DayCosts:
    """What a run costs by what is new.

    Attributes:
        full: everything: the full build.
        day: the events of one more day.
        nothing: nothing.
        start_up: no model is selected.
        late: one late row of each of some customers.
        entities: all rows of these customers.
        new_events: events of the day.
        changed_customers: share of the customers that have any of these.
        new_rows: share of the table's rows that are not as before the day.
        wrong_rows: rows that are not those of a full build after the day, of either.
    """

    full: Cost
    day: Cost
    nothing: Cost
    start_up: Cost
    late: Cost
    entities: Cost
    new_events: int
    changed_customers: float
    new_rows: float
    wrong_rows: int


def run_days(project: Project, repeats: int, tell: Callable[[str], None]) -> DayCosts:
    """Build in full, then add a day, nothing, late rows and whole entities, each to a copy.

    Args:
        project: with the events of 180 days.
        repeats: runs of each.
        tell: takes one line about each run.
    """
    built = project.folder / "built.duckdb"
    runs: dict[str, list[DbtRun]] = {}

    def measure(name: str, *options: str) -> None:
        runs.setdefault(name, []).append(project.run(*options))
        run = runs[name][-1]
        tell(
            f"  {name}: SQL {run.sql_seconds:.2f} s, {run.cpu_seconds:.2f} s of CPU, "
            f"dbt {run.import_seconds + run.seconds:.2f} s"
        )

    customers = (
        "select customer_id from order_lines group by customer_id "
        f"order by hash(customer_id), customer_id limit {LATE_CUSTOMERS}"
    )
    facts: tuple[int, float, float, int] | None = None
    for _ in range(repeats):
        project.start_over()
        measure("full build")
        shutil.copy(project.warehouse, built)
        project.add_day_after()
        measure("a day more")
        if not facts:
            facts = *_facts_of_day(project, built), _wrong_rows(project)
        measure("nothing new")
        measure("no model", "--nothing")
        shutil.copy(built, project.warehouse)
        project.execute(
            "insert into order_lines select customer_id, 0, "
            f"timestamp '{arrived_until(DAYS)}' - interval {LATE_DAYS} days, 1.00, "
            f"timestamp '{arrived_until(DAYS + 1)}' from ({customers})"
        )
        measure("late rows")
        shutil.move(built, project.warehouse)
        project.execute(
            f"create table chosen as {customers}; "
            "create table taken as from order_lines semi join chosen using (customer_id); "
            "delete from order_lines where customer_id in (from chosen)"
        )
        project.run()
        project.execute("insert into order_lines from taken; drop table taken; drop table chosen")
        measure("their customers")
    assert facts is not None

    def cost(name: str) -> Cost:
        found = runs[name]
        return Cost(
            sql=median(run.sql_seconds for run in found),
            cpu=median(run.cpu_seconds for run in found),
            command=median(run.import_seconds + run.seconds for run in found),
        )

    return DayCosts(
        full=cost("full build"),
        day=cost("a day more"),
        nothing=cost("nothing new"),
        start_up=cost("no model"),
        late=cost("late rows"),
        entities=cost("their customers"),
        new_events=facts[0],
        changed_customers=facts[1],
        new_rows=facts[2],
        wrong_rows=facts[3],
    )


def _facts_of_day(project: Project, built: Path) -> tuple[int, float, float]:
    """Return the day's events, and the shares of customers and rows that it changed."""
    is_new = f"loaded_at > '{arrived_until(DAYS)}'"
    [found] = project.execute(
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
    return found


def _wrong_rows(project: Project) -> int:
    """Return how many rows a full build has that the warehouse does not, and the reverse."""
    followed = project.folder / "followed.duckdb"
    shutil.copy(project.warehouse, followed)
    project.run("--full-refresh")
    [(wrong,)] = project.execute(
        f"""
        attach '{followed}' as followed (read_only);
        select count(*)
        from (
            (from {TABLE} except all from followed.{TABLE})
            union all (from followed.{TABLE} except all from {TABLE})
        );
        """
    )
    shutil.move(followed, project.warehouse)
    return wrong
