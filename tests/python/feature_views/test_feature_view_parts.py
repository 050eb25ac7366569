"""A feature view that is built in parts equals the one that is built at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.projects.incremental_project import IncrementalProject
from support.projects.incremental_views import EVENTS, TYPES, VIEWS
from support.projects.large_event_batches import load_batch
from support.servers.dbt_process import DbtForker, dbt_forker

pytestmark = pytest.mark.slow

#: Events of a batch, of five customers; some have more events than a part may have.
BATCH = 150
#: Views with one key, with two, and with windows that need the events themselves.
NAMES = ("by_day", "by_hour", "frames")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> IncrementalProject:
    folder = tmp_path_factory.mktemp("parts") / "project"
    return IncrementalProject(folder, {name: VIEWS[name] for name in NAMES}, TYPES, EVENTS)


@pytest.fixture(scope="module")
def dbt(project: IncrementalProject) -> Iterator[DbtForker]:
    """Return dbt, which has built the views of a first batch in parts."""
    with project.connected() as connection:
        load_batch(connection, 0, BATCH)
    with dbt_forker(project.folder) as forker:
        run = forker.run("run", *with_part_size(40))
        assert run.code == 0, run.said
        yield forker


def with_part_size(events: object) -> tuple[str, str]:
    return "--vars", f"{{events_at_once: {events}}}"


@pytest.mark.parametrize("number", [1, 2])
def test_a_view_built_in_parts_equals_one_built_at_once(
    project: IncrementalProject, dbt: DbtForker, number: int
):
    """One more batch incrementally; then a full build with one entity per part, and at once."""
    with project.connected() as connection:
        load_batch(connection, number, BATCH)
    tables = []
    full = ("--full-refresh",)
    for options in (with_part_size(40), (*full, *with_part_size(1)), full):
        run = dbt.run("run", *options)
        assert run.code == 0, run.said
        tables.append(project.tables())
        for name in NAMES:
            insert = f'insert into "store"."features"."{name}" by name'
            others = sum(insert in sql for sql in run.statements[name])
            assert (others > 0) == (options != full), (name, options)
            assert (f"{name}: part {others + 1} of {others + 1}" in run.said) == (others > 0)
    assert tables[0] == tables[2]
    assert tables[1] == tables[2]
    assert all(tables[2].values())


@pytest.mark.parametrize("events", ["0", "-1", "2.5", "many", "true", "null"])
def test_an_invalid_part_size_is_an_error(project: IncrementalProject, dbt: DbtForker, events: str):
    before = project.tables()
    run = dbt.run("run", "-s", NAMES[0], *with_part_size(events))
    assert run.code == 1
    assert "var events_at_once: a whole number above 0 is allowed; got " in run.said
    assert project.tables() == before
