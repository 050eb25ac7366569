"""The errors of dbt for a declaration that does not fit its events, if the warehouse has these.

In a case, ``…`` stands between parts of one line of the error, in their order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from support.projects.compiled_project import write_project
from support.projects.feature_view_declarations import view
from support.servers.dbt_process import DbtForker, dbt_forker

pytestmark = pytest.mark.slow

EVENTS = """
select
    1 as customer_id, 1.5::decimal(12, 2) as amount, 'a' as word, [1] as numbers,
    {'a': 1} as pair, timestamp '2024-01-01' as ordered_at, date '2024-01-01' as ordered_on,
    true as is_gift, 1.5::double as price, 1 as line, timestamp '2024-01-01' as loaded_at
"""
RUN = "gives another value in each run"
INSIDE = "use it inside of one, or in derived"
JOINED = "join what it reads in the model of the events"

#: An aggregate's SQL, or the whole aggregate, and its errors.
AGGREGATES: dict[str, tuple[Any, list[str]]] = {
    "column": ("sum(amuont)", ["has no column amuont; near: amount. Next: … build events first"]),
    "columns": (
        "sum(amuont) filter (where wrod = 'a')",
        ["has no column amuont; near: amount", "has no column wrod; near: word"],
    ),
    "column_in_order": ("string_agg(word, ',' order by lime)", ["has no column lime; near: line"]),
    "column_of_events": ("sum(events.amnt)", ["has no column events.amnt; near: amount"]),
    "column_beside_lambda": (
        "sum(list_sum(list_transform(numbers, lambda x: x + y)))",
        ["has no column y; it has customer_id, amount"],
    ),
    "row_number": ("max(rowid)", ["has no column rowid"]),
    "field": ("sum(pair.b)", ['Could not find key "b"']),
    "function": ("sume(amount)", ["there is no function sume; near: sum"]),
    "function_and_column": (
        "sume(amuont)",
        ["there is no function sume; near: sum", "has no column amuont; near: amount"],
    ),
    "inner_function": ("sum(rond(amount))", ["there is no function rond; near: round"]),
    "scalar": ("round(amount)", [f"an aggregate function is allowed…round is not one: {INSIDE}"]),
    "operator": ("coalesce(amount, 0)", [f"coalesce is not one: {INSIDE}"]),
    "case": ("if(is_gift, 1, 0)", [f"if is not one: {INSIDE}"]),
    "window": ("rank()", ["rank is a window function"]),
    "inner_window": ("max(lag(line) over (order by line))", ["lag() over (…) is not allowed"]),
    "nested": ("sum(stddev(amount))", ["one aggregate is allowed, and it contains…stddev"]),
    "subquery": ("max((select unnest([1])))", [f"a subquery is not allowed: {JOINED}"]),
    "any": ("count(*) filter (where line = any([1]))", ["write = any(…) as in (…) or list_c"]),
    "in_subquery": ("count(*) filter (where line in (select 1))", ["a subquery is not allowed"]),
    "parameter": ("sum($1)", ["a parameter is not allowed"]),
    "now": ("count(*) filter (where ordered_at > now())", [f"now is not allowed: it {RUN}"]),
    "today": ("count(*) filter (where ordered_on = today())", ["today is not allowed"]),
    "current_date": (
        "count(*) filter (where ordered_on = current_date)",
        ["current_date is not allowed"],
    ),
    "current_timestamp": (
        "count(*) filter (where ordered_at < current_timestamp::timestamp)",
        ["get_current_timestamp is not allowed"],
    ),
    "localtimestamp": (
        "count(*) filter (where ordered_at > localtimestamp)",
        ["current_localtimestamp is not allowed"],
    ),
    "random": ("avg(amount * random())", ["random is not allowed"]),
    "uuid": ("max(uuid())", ["uuid is not allowed"]),
    "age": ("max(age(ordered_at))", ["age is not allowed"]),
    "types": ("sum(word)", ["there is no sum(VARCHAR); there are sum(arg"]),
    "too_few": ("arg_max(word)", ["there is no arg_max(VARCHAR); there are … more"]),
    "filter_types": ("sum(amount) filter (where word > 3)", ["Cannot compare values of type"]),
    "syntax": ("sum(amount +)", ["SQL is allowed; DuckDB says: syntax error"]),
}
FITTING: dict[str, Any] = {
    "qualified": "arg_max(events.word, events.line)",
    "upper_case": "SUM(AMOUNT)",
    "lambda": "max(list_sum(list_transform(numbers, lambda x: x + line)))",
    "comprehension": "list([x + 1 for x in numbers] order by line)",
    "field": "sum(pair.a)",
    "case": "sum(case when word like 'a%' and amount between 1 and 2 then 1 end)",
    "ages": "max(age(ordered_at, loaded_at))",
    "json": "max(word -> '$.x')",
    "now_as_text": "count(*) filter (where word = 'now()')",
    "zero": {"sql": "sum(amount)", "empty": 0},
    "cents": {"sql": "sum(amount)", "empty": -0.25},
    "real": {"sql": "avg(price)", "empty": 0.1},
    "infinite": {"sql": "max(price)", "empty": float("inf")},
    "nothing": {"sql": "count(*)", "empty": None},
    "day": {"sql": "max(ordered_on)", "empty": date(1970, 1, 1)},
    "day_as_text": {"sql": "max(ordered_on)", "empty": "1970-01-01"},
    "no_words": {"sql": "list(word order by line)", "empty": "[]"},
    "word": {"sql": "max(word)", "empty": "it's"},
    "no": {"sql": "bool_or(is_gift)", "empty": False},
}
#: An aggregate, its ``empty``, its type and the end of the error.
EMPTIES: dict[str, tuple[str, Any, str, str]] = {
    "text_for_count": ("count(*)", "none", "bigint", "the text 'none'"),
    "quoted_number": ("sum(amount)", "0", "decimal(38,2)", "the text '0'"),
    "fraction_for_count": ("count(*)", 0.5, "bigint", "0.5"),
    "beyond_bigint": ("count(*)", 2**63, "bigint", str(2**63)),
    "rounded": ("sum(amount)", 1.555, "decimal(38,2)", "1.555"),
    "too_great": ("min(amount)", 10**10, "decimal(12,2)", str(10**10)),
    "infinite_decimal": ("sum(amount)", float("-inf"), "decimal(38,2)", "-inf"),
    "number_for_text": ("max(word)", 0, "varchar", "0"),
    "number_for_boolean": ("bool_or(is_gift)", 0, "boolean", "0"),
    "boolean_for_number": ("sum(amount)", True, "decimal(38,2)", "True"),
    "no_date": ("max(ordered_on)", "never", "date", "the text 'never'"),
}
DERIVED: dict[str, tuple[str, list[str]]] = {
    "unknown": ("lines_8d / 2", ["the view has no feature lines_8d; near: lines_7d"]),
    "of_events": ("amount + 1", ["the view has no feature amount; it has customer_id, lines_7d"]),
    "of_lower": ("lower_one + 1", ["lower_one is declared after it…Next: move lower_one up"]),
    "lower_one": ("lines_7d + 1", []),
    "aggregate": ("sum(lines_7d)", ["sum is an aggregate (declare it under aggregates)"]),
    "window": ("lag(lines_7d) over (order by 1)", ["lag() over (…) is not allowed"]),
    "subquery": ("(select 1)", ["a subquery is not allowed"]),
    "function": ("rond(lines_7d)", ["there is no function rond; near: round"]),
    "types": ("last_7d / 2", ["there is no /(VARCHAR, INTEGER_LITERAL); there are "]),
    "of_wrong_types": ("types + 1", []),  # reported for the other one
    "two": ("lines_7d, 2", ["one expression is allowed"]),
    "named": ("lines_7d as lines", ["one expression is allowed"]),
    "now": ("lines_7d + epoch(now())", ["now is not allowed"]),
    "good": ("coalesce(lines_7d, customer_id) * 2", []),
    "of_good": ("good + lower_one", []),
}
OTHERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "keys": (
        view(
            ["7d"], {"a": "count(*)"}, entity=["custmer_id", "Line", "nothing"], event_time="orderd"
        ),
        [
            'entity: custmer_id: "w"."main"."events" has no such column; near: customer_id. Next: ',
            'entity: nothing: "w"."main"."events" has no such column; it has customer_id, amount',
            'entity: Line of "w"."main"."events" is written line there…Next: write line here too',
            "event_time: orderd: …has no such column; near: ordered_at",
        ],
    ),
    "text_time": (
        view(["7d"], {"a": "count(*)"}, event_time="word"),
        ["event_time: a timestamp or a date is allowed, in UTC; got word of …which is varchar"],
    ),
    "clash": (
        view(["7d"], {"a": "count(*)"}),
        [
            "events: _grain of …has a name that the generated SQL uses itself",
            "loaded_at: a timestamp or a date is allowed, in UTC; got loaded_at …is varchar",
        ],
    ),
    "on_ephemeral": (
        view(["7d"], {"a": "count(*)"}),
        ["events: inlined is ephemeral…Next: write materialized: view, or table, in the config of"],
    ),
    "on_nothing": (
        view(["7d"], {"a": "count(*)"}),
        ['events: "w"."main"."unbuilt" cannot be read: …Next: dbt run -s +on_nothing'],
    ),
}
MODELS: dict[str, str] = {
    "inlined": "{{ config(materialized='ephemeral') }} " + EVENTS,
    "unbuilt": EVENTS,
}
PARENTS = {"clash": "clash_events", "on_ephemeral": "inlined", "on_nothing": "unbuilt"}


def _declarations() -> dict[str, dict[str, Any]]:
    empties = {name: {"sql": sql, "empty": empty} for name, (sql, empty, *_) in EMPTIES.items()}
    derived = {name: sql for name, (sql, _) in DERIVED.items()}
    used = {"lines": "count(*)", "last": "max(word)"}
    return {
        "aggregates": view(["7d"], {name: given for name, (given, _) in AGGREGATES.items()}),
        "fitting": view(["7d", "lifetime"], FITTING),
        "empties": view(["7d"], empties),
        "derived": view(["7d"], used, derived=derived),
        **{name: declaration for name, (declaration, _) in OTHERS.items()},
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose events are in the warehouse."""
    folder = tmp_path_factory.mktemp("declared") / "project"
    declarations = _declarations()
    windowed = "{{{{ windowed_features(ref('{}'), feature_view()) }}}}"
    models = {name: windowed.format(PARENTS.get(name, "events")) for name in declarations}
    meta = {name: {"feature_view": given} for name, given in declarations.items()}
    columns = "* exclude (loaded_at), 1 as _grain, 'today' as loaded_at"
    events = {"events": EVENTS, "clash_events": f"select {columns} from ({EVENTS})"}
    write_project(folder, MODELS | models | events, meta, folder / "w.duckdb")
    return folder


@pytest.fixture(scope="module")
def dbt(project: Path) -> Iterator[DbtForker]:
    with dbt_forker(project) as forker:
        yield forker


@pytest.fixture(scope="module")
def reported(project: Path, dbt: DbtForker) -> Mapping[str, list[str]]:
    """Return the errors of each view in one ``dbt run``; none if it was built."""
    run = dbt.run("run", "--exclude", "unbuilt")
    assert run.code == 1, run.said
    assert "Traceback" not in run.said
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    lines = {}
    for result in results:
        name = result["unique_id"].split(".")[-1]
        errors = re.findall(r"^ +- (.*)$", result["message"] or "", re.MULTILINE)
        assert result["status"] == ("error" if errors else "success"), result["message"]
        if errors:
            assert f"feature view {name} (models/views.yml): " in result["message"]
        lines[name] = errors
    return lines


def assert_reported(lines: list[str], errors: list[str]) -> None:
    """Check that each of these errors is in one line, and that there are no other lines."""
    for error in errors:
        pattern = ".*".join(map(re.escape, error.split("…")))
        assert sum(re.search(pattern, line) is not None for line in lines) == 1, (error, lines)
    assert len(lines) == len(errors), lines


def of(lines: list[str], place: str) -> list[str]:
    return [line for line in lines if line.startswith(f"{place}: ")]


@pytest.mark.parametrize("name", AGGREGATES)
def test_aggregate(name: str, reported: Mapping[str, list[str]]):
    lines = of(reported["aggregates"], f"aggregates.{name}.sql")
    assert_reported(lines, AGGREGATES[name][1])
    assert all(line.endswith(f"; got {AGGREGATES[name][0]}") for line in lines)


@pytest.mark.parametrize("name", DERIVED)
def test_derived(name: str, reported: Mapping[str, list[str]]):
    assert_reported(of(reported["derived"], f"derived.{name}"), DERIVED[name][1])


@pytest.mark.parametrize("name", EMPTIES)
def test_empty_of_another_type(name: str, reported: Mapping[str, list[str]]):
    sql, _, kind, got = EMPTIES[name]
    assert_reported(
        of(reported["empties"], f"aggregates.{name}.empty"),
        [f"allowed, {kind} of {sql}, or null; got"],
    )
    assert of(reported["empties"], f"aggregates.{name}.empty")[0].endswith(f"; got {got}")


@pytest.mark.parametrize("name", OTHERS)
def test_columns_and_relation_of_the_events(name: str, reported: Mapping[str, list[str]]):
    assert_reported(reported[name], OTHERS[name][1])


def test_valid_declarations_have_no_errors(reported: Mapping[str, list[str]]):
    assert reported["fitting"] == []
    count = sum(len(errors) for _, errors in AGGREGATES.values())
    assert len(reported["aggregates"]) == count
    assert len(reported["empties"]) == len(EMPTIES)
    assert len(reported["derived"]) == sum(len(errors) for _, errors in DERIVED.values())


def test_compile_reports_the_errors_too(
    project: Path, dbt: DbtForker, reported: Mapping[str, list[str]]
):
    """It reads the columns of the events if the warehouse has them, and succeeds otherwise."""
    run = dbt.run("compile", "-s", "aggregates")
    assert run.code != 0
    (project / "w.duckdb").rename(project / "kept.duckdb")
    try:
        unbuilt = dbt.run("compile", "-s", "aggregates", "on_nothing")
    finally:
        (project / "w.duckdb").unlink(missing_ok=True)
        (project / "kept.duckdb").rename(project / "w.duckdb")
    assert unbuilt.code == 0, unbuilt.said
