"""An incremental model is built in full if its definition changed, and dbt logs it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from feature_store.warehouse.connection import connect
from support.projects.cleaned_project import CleanedProject, cleaned_project
from support.projects.order_line_batches import apply_changes
from support.servers.dbt_process import Kill

pytestmark = pytest.mark.slow

CHECKED = "order_lines_checked"
MODEL = f"models/cleaned/{CHECKED}.sql"
STAGED = "models/staging/complete_journey/stg_complete_journey__order_lines.sql"
CHANGED = f"{CHECKED}: built in full, because its definition changed"
UNKNOWN = f"{CHECKED}: built in full, because its definition is not known"
LINES = [(order, 1, 1, order * 300, 1.5, 0) for order in range(1, 6)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanedProject]:
    with cleaned_project(tmp_path_factory.mktemp("built") / "project") as made:
        with connect(made.warehouse, read_only=False) as connection:
            apply_changes(connection, [("product", 1), ("new", LINES)], 1)
        made.build()
        yield made


@pytest.fixture
def project(shared: CleanedProject) -> Iterator[CleanedProject]:
    """Return the project, built; its files are restored after the test."""
    files = [path for path in (shared.folder / "models").rglob("*.*") if path.is_file()]
    before = {path: path.read_text() for path in files}
    yield shared
    changed = [path for path, text in before.items() if path.read_text() != text]
    for path in changed:
        path.write_text(before[path])
    if changed:
        shared.dbt.parse()
        above = ["+" + CHECKED] if any("staging" in str(path) for path in changed) else [CHECKED]
        shared.build("--select", *above)


def build(project: CleanedProject) -> str:
    return project.build("--select", CHECKED)


def checked(project: CleanedProject, column: str) -> list[Any]:
    """Return a column of the incremental table, in the order of the orders."""
    return [row[0] for row in project.query(f"select {column} from cleaned.{CHECKED} order by 1")]


def test_changed_sql_of_the_model(project: CleanedProject):
    assert checked(project, "order_id::varchar || faults::varchar") == [
        "1[]",
        "2[]",
        "3[]",
        "4[quantity_is_volume]",
        "5[quantity_is_volume]",
    ]
    project.edit(MODEL, "quantity > 1000", "quantity > 1300")
    assert CHANGED in build(project)
    assert checked(project, "is_valid") == [False, True, True, True, True]
    assert "built in full" not in build(project)


def test_changed_sql_of_an_upstream_view(project: CleanedProject):
    """The changed column is not compared, because it follows from another one."""
    before = checked(project, "ordered_at_shop_time")
    zone = "models/staging/complete_journey/_complete_journey.yml"
    project.edit(zone, "America/New_York", "America/Los_Angeles")
    assert CHANGED in project.build()
    after = checked(project, "ordered_at_shop_time")
    assert [old - new for old, new in zip(before, after, strict=True)] == [timedelta(hours=3)] * 5


def test_changed_type_of_an_upstream_column(project: CleanedProject):
    project.execute("update raw.transactions set sales_value = 1.257 where basket_id = 1")
    project.build()
    project.edit(STAGED, "cast(sales_value as decimal(12, 2))", "cast(sales_value as double)")
    assert CHANGED in project.build()
    assert checked(project, "amount") == [1.257, 1.5, 1.5, 1.5, 1.5]
    assert checked(project, "distinct typeof(amount)") == ["DOUBLE"]


def test_a_model_that_was_a_plain_table_in_between(project: CleanedProject):
    """It is built in full although it has its former definition again."""
    project.configure(CHECKED, materialized="table")
    project.edit(MODEL, "quantity > 1000", "quantity > 1300")
    assert "built in full" not in build(project)
    project.edit(MODEL, "quantity > 1300", "quantity > 1000")
    project.configure(CHECKED, materialized="changed_groups")
    assert UNKNOWN in build(project)
    assert sum(checked(project, "is_valid")) == 3


def test_the_config_full_refresh_overrides_it(project: CleanedProject):
    project.configure(CHECKED, full_refresh=False)
    project.edit(MODEL, "quantity > 1000", "quantity > 1300")
    assert "built in full" not in build(project)
    assert sum(checked(project, "is_valid")) == 3


def test_dbt_show_needs_no_run_before_it(project: CleanedProject):
    shown = project.dbt.run("show", "--select", CHECKED, "--limit", "9")
    assert (shown.code, "1500" in shown.said) == (0, True), shown.said


def test_killed_during_a_full_build(project: CleanedProject):
    chance = random.Random(3)
    table, was_rolled_back = f"from cleaned.{CHECKED}", []
    for limit in (1000, 1001):
        before = project.content(table)
        project.edit(MODEL, f"quantity > {limit}", f"quantity > {limit + 1}")
        project.execute("update raw.transactions set quantity = quantity + 1")
        project.dbt.run("run", "--select", CHECKED, kill=Kill(CHECKED, chance.randint(5, 60), 0))
        killed = project.content(table)
        build(project)
        assert project.content(table) == project.content(project.full_sql(CHECKED))
        assert killed in (before, project.content(table))
        was_rolled_back.append(killed == before)
    assert any(was_rolled_back)


def argument_errors(project: CleanedProject, arguments: str) -> list[str]:
    """Give the pre-hook other arguments, and return the errors that dbt lists."""
    hook = f"{{{{ delete_changed_groups(ref('order_lines_received'), {arguments}) }}}}"
    project.configure(CHECKED, pre_hook=hook)
    run = project.dbt.run("run", "--select", CHECKED)
    assert run.code == 1
    return [line.strip() for line in run.said.splitlines() if line.startswith("    - ")]


def test_invalid_arguments(project: CleanedProject):
    errors = argument_errors(project, "[], computed=['shop_time'], parts='loaded_at'")
    relation = '"store"."cleaned"."order_lines_received"'
    assert errors[0].startswith(
        f"- computed: shop_time is not a column of {relation}; it has order_id,"
    )
    assert errors[1:] == [
        "- parts: a list of columns is allowed; got loaded_at",
        "- group: one column or more is allowed; got none",
    ]


def test_the_model_must_keep_the_received_columns_and_types(project: CleanedProject):
    project.edit(MODEL, "        batch_id,\n", "")
    project.edit(MODEL, "        amount,\n", "        cast(amount as double) as amount,\n")
    errors = argument_errors(project, "['order_id'], computed=['order_id']")
    relation = '"store"."cleaned"."order_lines_received"'
    allowed = (
        "Allowed: the same type in both. Next: select it so, or list it in computed if it follows "
        "from others"
    )
    assert errors == [
        "- computed: order_id is a column of group, and these are always compared. "
        "Next: remove it from computed",
        f"- amount is DECIMAL(12,2) in {relation}, and DOUBLE in the model. {allowed}",
        f"- batch_id is VARCHAR in {relation}, and missing in the model. {allowed}",
    ]
