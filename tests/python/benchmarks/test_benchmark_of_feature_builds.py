"""The benchmark of feature builds: data, compared values, errors and stops; nothing is timed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from support.benchmarks import assert_error, command_of, rows_of, run_command, stop_command

pytestmark = pytest.mark.slow

COMMAND = command_of("compare_feature_builds.py", "--small")
ALONE = [*COMMAND, "--no-data-frames"]
EVENTS = 5_000


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the small benchmark, this project alone; return its data's folder and what it printed."""
    folder = tmp_path_factory.mktemp("bench") / "scratch"
    parts = ["--part", "builds", "--part", "days"]
    done = run_command([*ALONE, *parts, "--keep", "--scratch", str(folder)])
    assert done.returncode == 0, done.stderr
    return folder / f"{EVENTS}_1", done.stdout


def test_every_part_runs_and_a_day_more_gives_the_rows_of_a_full_build(
    ran: tuple[Path, str],
) -> None:
    _, printed = ran
    assert "Full builds" in printed
    assert "What a day costs" in printed
    assert "a day after, 0 rows are not those of a full build" in printed.replace("\n", " ")


def test_the_events_are_the_same_on_every_machine(ran: tuple[Path, str]) -> None:
    folder, _ = ran
    facts = (
        "select count(*), count(distinct customer_id), count(distinct order_id), "
        "sum(paid_amount), sum(epoch(ordered_at)::bigint % 9973), max(loaded_at)::varchar, "
        "count(*) filter (loaded_at > ordered_at + interval 1 day)"
    )
    assert rows_of(f"{facts} from '{folder}/events.parquet'") == [
        (EVENTS, 100, EVENTS, Decimal("58770.31"), 24_858_107, "2024-06-29 00:00:00", 41)
    ]
    assert rows_of(f"{facts} from '{folder}/day_after.parquet'") == [
        (27, 19, 27, Decimal("315.52"), 131_769, "2024-06-30 00:00:00", 0)
    ]


@pytest.mark.parametrize("options", [[], ["--groups"]])
def test_pandas_builds_the_same_table_in_both_ways(
    ran: tuple[Path, str], tmp_path: Path, options: list[str]
) -> None:
    from feature_builds.compare_tables import compare

    folder, _ = ran
    theirs = tmp_path / "theirs.parquet"
    command = [sys.executable, "-m", "feature_builds.build_with_pandas", *options]
    command += ["--events", str(folder / "events.parquet"), "--result", str(theirs)]
    subprocess.run(command, check=True, capture_output=True)
    found = compare("pandas", folder / "dbt_project/warehouse.duckdb", theirs)
    assert found.same, str(found)
    assert found.rows > 2 * EVENTS
    assert found.worst_sum < 1e-9


def test_the_comparison_finds_wrong_missing_and_invented_rows(
    ran: tuple[Path, str], tmp_path: Path
) -> None:
    from feature_builds.compare_tables import compare
    from feature_builds.project import TABLE

    folder, _ = ran
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(folder / "dbt_project/warehouse.duckdb", warehouse)
    theirs = tmp_path / "theirs.parquet"

    def differing(query: str) -> tuple[int, int, dict[str, int]]:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute(f"copy ({query.format(ours=TABLE)}) to '{theirs}'")
        found = compare("who", warehouse, theirs)
        return found.only_ours, found.only_theirs, found.differing

    assert differing("from {ours}") == (0, 0, {})
    assert differing("from {ours} limit 10000")[0] > 1_000
    invented = (
        "from {ours} union all by name select 0 as customer_id, now()::timestamp as feature_time"
    )
    assert differing(invented)[:2] == (0, 1)
    first = "(select min(feature_time) from {ours} where customer_id = 1)"
    first = f"customer_id = 1 and feature_time = {first}"
    for column, wrong in (
        ("orders_7d", "orders_7d + 1"),
        ("spend_60d", "spend_60d + 0.01"),
        ("largest_line_90d", "null"),
        ("known_at", "known_at + interval 1 microsecond"),
    ):
        query = f"select * replace (if({first}, {wrong}, {column}) as {column}) from {{ours}}"
        assert differing(query) == (0, 0, {column: 1}), column


def test_a_missed_target_or_a_wrong_value_is_a_failure(tmp_path: Path) -> None:
    from feature_builds.cases import OURS, PANDAS_GROUPS, POLARS, Case
    from feature_builds.compare_tables import Comparison
    from feature_builds.incremental_runs import DayFacts, IncrementalCosts
    from feature_builds.report import BuildsOutcome
    from harness.contenders import Measured, Run
    from harness.report import MARK, write_page

    case = Case(10_000_000, 1)

    def measured(name: str, seconds: float, peak: int) -> Measured:
        run = Run(seconds, cpu_seconds=seconds, peak_bytes=peak, versions={"duckdb": "2"})
        return Measured(name, (run,) * 5)

    def outcome(seconds: float, peak: int, **differing: int) -> BuildsOutcome:
        frames = [measured(POLARS, 20, 4_000), measured(PANDAS_GROUPS, 200, 4_000)]
        return BuildsOutcome(
            builds={case: [measured(OURS, seconds, peak), *frames]},
            compared={case: [Comparison(POLARS, 1, 0, 0, differing, 0)]},
        )

    good = outcome(20, 2_000)
    assert good.good
    assert not outcome(20.1, 2_000).good
    assert not outcome(20, 2_001).good
    assert not outcome(20, 2_000, orders_7d=1).good

    def runs(sql: float) -> Measured:
        return Measured("", (Run(sql, cpu_seconds=sql, command_seconds=sql + 3),))

    facts = DayFacts(5, 0.1, 0.02, 0)
    day = IncrementalCosts(runs(100), runs(3), runs(1), runs(0), runs(2), runs(2), facts)
    for changed, is_good in (
        ({}, True),
        ({"day": runs(3.1)}, False),
        ({"nothing": runs(3.1)}, False),
        ({"late": runs(2.1)}, False),
        ({"day_facts": replace(facts, wrong_rows=1)}, False),
    ):
        assert BuildsOutcome(days={case: replace(day, **changed)}).good == is_good, changed

    def growth(seconds: float, peak: int = 1) -> BuildsOutcome:
        few, many = Case(1_000_000, 1), Case(10_000_000, 1)
        found = {few: measured(OURS, 6, 1), many: measured(OURS, seconds, peak)}
        return BuildsOutcome(growth=found, memory_limit="500MB")

    # 10 million log 10 million is 11.67 times a million log a million.
    assert growth(70).good
    assert not growth(70.1).good
    assert growth(70, 500_000_000).good
    assert not growth(70, 500_000_001).good

    good.days[case] = day
    page = tmp_path / "page.md"
    page.write_text(f"by hand\n\n{MARK}\nold\n")
    write_page(page, good)
    written = page.read_text()
    assert written.startswith(f"by hand\n\n{MARK}\n")
    assert "| 10M, 1 line an order: time of ours / Polars | ≤ 1 | 1.00 | yes |" in written
    assert "old" not in written


def test_data_frames_without_their_environment_are_an_error(tmp_path: Path) -> None:
    options = ["--bench-python", str(tmp_path / "python"), "--scratch", str(tmp_path / "s")]
    assert_error([*COMMAND, *options], "make bench")


def test_nothing_is_left_of_a_stopped_benchmark(tmp_path: Path) -> None:
    stop_command(ALONE, tmp_path / "scratch", "generating")


def test_an_invalid_memory_limit_is_an_error_before_anything_is_done(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    command = [*ALONE, "--memory-limit", "2 gigs", "--scratch", str(scratch)]
    assert_error(command, "--memory-limit 2 gigs: is not a valid memory limit", "2GB, 500MB")
    assert not scratch.exists()
