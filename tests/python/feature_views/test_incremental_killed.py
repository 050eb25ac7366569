"""A build of feature views that is killed leaves each view either unchanged or complete."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from support.projects.captured_statements import Replay
from support.projects.feature_view_declarations import view
from support.projects.incremental_project import IncrementalProject, digests
from support.projects.incremental_views import TYPES, VIEWS
from support.projects.large_event_batches import load_batch
from support.servers.dbt_process import KILLED, DbtForker, Kill, Run, dbt_forker

pytestmark = pytest.mark.slow

#: A view that cannot be built where an event has the word z.
FRAGILE = view(["1d"], {"largest": "max(cast(if(word = 'z', word, '1') as integer))"})
DECLARATIONS = {name: VIEWS[name] for name in ("by_day", "by_hour", "by_week_ever")}
DECLARATIONS["fragile"] = FRAGILE
NAMES = tuple(DECLARATIONS)
#: Of each batch: enough for statements that take long enough to be killed in the middle.
EVENTS, CUSTOMERS = 6_000, 300
#: Views are made in parts, of which each is a statement.
PARTS = ("--vars", "{events_at_once: 2500}")


class Builds:
    """The project, and dbt that builds two of its views at a time.

    Attributes:
        states: by view, the digests that it may have: those of full builds of the events of the
            last successful run and of each load since.
    """

    def __init__(self, project: IncrementalProject, dbt: DbtForker):
        self.project, self.dbt, self.number = project, dbt, 0
        self.states: dict[str, list[Any]] = {name: [] for name in NAMES}
        with project.connected() as connection:
            load_batch(connection, 0, EVENTS, CUSTOMERS)
        self.run(*PARTS)
        #: At once, so that its statements are those of any number of events.
        self.full = self.run("--full-refresh")
        self.states = {name: [state] for name, state in self.built().items()}

    def run(self, *arguments: str) -> Run:
        run = self.dbt.run("run", *arguments)
        assert run.code == 0, run.said
        return run

    def load(self) -> None:
        """Load one more batch; the result of a full build of it is one of the states."""
        self.number += 1
        with self.project.connected() as connection:
            load_batch(connection, self.number, EVENTS, CUSTOMERS)
        for name in NAMES:
            replay = Replay(self.project.warehouse, name, self.full, self.full)
            self.states[name].append(replay.of_full_build(digests))
            replay.connection.close()

    def built(self) -> dict[str, Any]:
        with self.project.connected() as connection:
            return {name: digests(connection, name) for name in NAMES}

    def settle(self) -> None:
        """Build the views, which must then equal the latest full build."""
        self.run(*PARTS)
        built = self.built()
        assert built == {name: states[-1] for name, states in self.states.items()}
        self.states = {name: [state] for name, state in built.items()}


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builds]:
    folder = tmp_path_factory.mktemp("unfinished") / "project"
    project = IncrementalProject(folder, DECLARATIONS, TYPES, threads=2)
    with dbt_forker(folder) as dbt:
        yield Builds(project, dbt)


def test_killed_at_any_moment(builds: Builds):
    """Within dbt's statements and between them, by any signal, once or several times in a row."""
    chance = random.Random(3)
    kills = 0
    events = builds.run("--full-refresh", *PARTS).events
    for signal in ("SIGKILL", "SIGINT", "SIGKILL", "SIGTERM", "SIGKILL", "SIGKILL"):
        builds.load()
        model = chance.choice(NAMES)
        event = chance.randint(1, events[model])
        kill = Kill(model, event, chance.choice([0, 0, 0.003, 0.03]), signal)
        code = builds.dbt.run("run", *PARTS, kill=kill).code
        kills += code != 0
        assert code in (KILLED, 0) or signal != "SIGKILL"
        for name, state in builds.built().items():
            assert state in builds.states[name], (name, kill)
        if chance.random() < 0.5:
            builds.settle()
    builds.settle()
    assert kills >= 4


def test_views_that_fail(builds: Builds):
    """The deletion of their rows, and of the record of their events, is rolled back."""
    before = builds.built()
    builds.load()
    with builds.project.connected() as connection:
        connection.execute("update raw_events set word = 'z' where line = 77 and word = 'a'")
    wrong = TYPES["by_day"] | {"lines_1d": "varchar"}
    builds.project.declare("by_day", VIEWS["by_day"], wrong)
    builds.dbt.parse()
    run = builds.dbt.run("run", *PARTS)
    assert run.code == 1
    assert "Could not convert string 'z' to INT32" in run.said
    assert "This model has an enforced contract that failed" in run.said
    built = builds.built()
    assert {name for name in NAMES if built[name] == before[name]} == {"by_day", "fragile"}

    with builds.project.connected() as connection:
        connection.execute("update raw_events set word = 'a' where word = 'z'")
    builds.project.declare("by_day", VIEWS["by_day"], TYPES["by_day"])
    builds.dbt.parse()
    builds.settle()


def test_view_of_two_event_tables_is_an_error(builds: Builds):
    project = builds.project
    source = {"name": "raw", "schema": "main", "tables": [{"name": "raw_events"}]}
    project.write("models/sources.yml", {"sources": [source]})
    project.declare("two", VIEWS["ever"])
    project.write(
        "models/features/two.sql",
        "{{ windowed_features(ref('events'), feature_view()) }}"
        "\n-- {{ source('raw', 'raw_events') }}",
    )
    builds.dbt.parse()
    run = builds.dbt.run("run", "-s", "two")
    assert run.code == 1
    assert "two: an incremental feature view is made from one event table; got 2 " in run.said


def test_event_table_without_needed_columns_is_an_error(builds: Builds):
    project = builds.project
    columns = "* exclude (ordered_at, customer_id)"
    project.write("models/unloaded.sql", f"select {columns} from {{{{ ref('events') }}}}")
    project.declare("of_unloaded", VIEWS["ever"])
    project.write(
        "models/features/of_unloaded.sql",
        "{{ windowed_features(ref('unloaded'), feature_view()) }}",
    )
    builds.dbt.parse()
    run = builds.dbt.run("run", "-s", "+of_unloaded")
    assert run.code == 1
    assert "feature view of_unloaded (models/features/of_unloaded.yml): 2 errors" in run.said
    assert "entity: customer_id: " in run.said
    assert "Next: correct entity, or add the column there" in run.said
    assert "event_time: ordered_at: " in run.said
    assert "Next: correct event_time, or add the column there" in run.said
