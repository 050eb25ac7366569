"""The benchmark of the online store: data, compared values, errors and stops; nothing is timed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import psutil
import pytest

from feature_store import FeatureStoreError
from support.benchmarks import command_of, rows_of, run_command, stop_command

pytestmark = pytest.mark.slow

COMMAND = command_of("compare_online_stores.py", "--small", "--no-feast", "--no-redis-benchmark")
ROWS = 2_000


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the small benchmark, this project alone; return its kept folder, and what it printed."""
    folder = tmp_path_factory.mktemp("bench") / "scratch"
    done = run_command([*COMMAND, "--keep", "--scratch", str(folder)])
    assert done.returncode == 0, done.stderr
    assert not servers_in(folder)
    return folder, done.stdout


def servers_in(folder: Path) -> list[psutil.Process]:
    """Return the Redis servers that work in a folder or below it."""
    found = []
    for process in psutil.process_iter():
        try:
            if "redis-server" in process.name() and process.cwd().startswith(str(folder)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def test_every_part_runs_and_both_layouts_give_back_every_value(ran: tuple[Path, str]) -> None:
    _, printed = ran
    for title in ("Full loads", "Exports of what changed", "Reads of eleven features"):
        assert title in printed
    for layout in ("hash", "packed"):
        for data in ("no nulls", "with nulls"):
            assert (
                f"this project, {layout}, {data}: 2,200 entities, 24,200 values, none differing"
            ) in printed.replace("\n", " ")


def test_the_rows_are_the_same_on_every_machine_and_like_the_sample(ran: tuple[Path, str]) -> None:
    folder, _ = ran
    rows = f"'{folder}/2000/before.parquet'"
    assert rows_of(
        "select count(*), count(distinct customer_id), sum(orders_90d), sum(spend_28d), "
        f"sum(epoch(known_at) % 9973)::bigint, sum(products_90d), sum(stores_28d) from {rows}"
    ) == [(ROWS, ROWS, 27_722, Decimal("241858.14"), 9_951_004, 212_226, 3_400)]
    [(none_7d, none_28d, most)] = rows_of(
        "select avg((orders_7d = 0)::integer), avg((orders_28d = 0)::integer), max(orders_90d) "
        f"from {rows}"
    )
    assert (round(none_7d, 1), round(none_28d, 1), most) == (0.5, 0.2, 58)
    with_nulls = f"'{folder}/2000_nulls/before.parquet'"
    assert rows_of(
        "select count(*) filter (average_order_28d is null and orders_28d = 0), "
        f"count(*) - count(average_order_28d), 0 from {with_nulls}"
    ) == [(round(none_28d * ROWS), round(none_28d * ROWS), 0)]
    assert rows_of(f"select count(average_order_28d) from {rows}") == [(ROWS,)]


def test_one_row_in_a_hundred_changes_and_is_served_again(ran: tuple[Path, str]) -> None:
    folder, _ = ran
    data = folder / "2000"
    assert rows_of(
        f"select count(*) from (from '{data}/after.parquet' except from '{data}/before.parquet')"
    ) == [(ROWS // 100,)]
    with duckdb.connect(str(data / "dbt_project" / "after.duckdb"), read_only=True) as warehouse:
        for version in (1, 2, 3, 4):
            assert warehouse.execute(
                "select count(*) filter (dbt_valid_to is null), count(*) from "
                f"snapshots.served_customer_purchases_v{version}"
            ).fetchall() == [(ROWS, ROWS + ROWS // 100)]


def test_the_comparison_finds_wrong_missing_and_invented_values(
    ran: tuple[Path, str], tmp_path: Path
) -> None:
    from online_stores.datasets import Dataset
    from online_stores.readers import compare

    folder, _ = ran
    dataset = Dataset(ROWS, False, folder / "2000", folder, None)
    result = tmp_path / "read.parquet"
    good = f"select * exclude (feature_time, known_at) from '{dataset.data}'"

    def differing(query: str) -> dict[str, int]:
        rows_of(f"copy ({query}) to '{result}'")
        return compare("who", dataset, result).differing

    assert differing(good) == {}
    changed = (
        f"select * replace (if(customer_id < 4, null, products_28d) as products_28d) from ({good})"
    )
    assert differing(changed) == {"products_28d": 3}
    lost = differing(f"from ({good}) where customer_id > 5")
    assert (lost["entities without a result"], lost["orders_7d"]) == (5, 5)
    invented = (
        f"from ({good}) union all select * replace (0 as customer_id) from ({good}) limit 2001"
    )
    assert differing(invented)["spend_28d"] == 1


def test_a_missed_target_or_a_wrong_value_is_a_failure(tmp_path: Path) -> None:
    from harness.contenders import Measured, Run
    from harness.report import MARK, write_page
    from online_stores.cases import FEAST, OURS, Case
    from online_stores.readers import Latency, ReadComparison
    from online_stores.report import OnlineOutcome

    def measured(name: str, seconds: float, entity_bytes: float) -> Measured:
        run = Run(seconds, rows=200_000, entity_bytes=entity_bytes, versions={"redis": "1"})
        return Measured(name, (run,) * 5)

    def outcome(seconds: float, entity_bytes: float, differing: dict[str, int]) -> OnlineOutcome:
        ours = measured(OURS["hash"], seconds, entity_bytes)
        return OnlineOutcome(
            writes={Case(200_000, ttl=True): [ours, measured(FEAST, 18, 300)]},
            latencies=[
                Latency(OURS["hash"], 100, 0.001, 0.002, 5),
                Latency(FEAST, 100, 0.012, 0.02, 5),
            ],
            compared=[ReadComparison("who", "no nulls", 1, differing)],
        )

    good = outcome(1, 390, {})
    assert good.good
    assert not outcome(1.01, 390, {}).good
    assert not outcome(1, 391, {}).good
    assert not outcome(1, 390, {"products_28d": 1}).good
    slow = replace(good.latencies[0], p99=0.0021)
    assert not OnlineOutcome(latencies=[slow, good.latencies[1]]).good

    page = tmp_path / "page.md"
    page.write_text(f"by hand\n\n{MARK}\nold\n")
    write_page(page, good)
    written = page.read_text()
    assert written.startswith(f"by hand\n\n{MARK}\n")
    assert "| 200k, TTL: rows/s of hash / Feast | ≥ 18 | 18.00 | yes |" in written
    assert "old" not in written
    picture = ElementTree.parse(page.with_suffix(".svg"))
    assert any(text.text == "200,000" for text in picture.iter("{http://www.w3.org/2000/svg}text"))


def test_redis_benchmark_that_cannot_be_built_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from online_stores.redis_source import find_benchmark

    monkeypatch.setenv("PATH", str(tmp_path))
    nothing = {"PIP_NO_INDEX": "1", "PATH": str(tmp_path)}
    said: list[str] = []
    assert find_benchmark(tmp_path / "kept", nothing, said.append, build=False) is None
    with pytest.raises(FeatureStoreError) as caught:
        find_benchmark(tmp_path / "kept", nothing, said.append, build=True)
    assert "--no-redis-benchmark" in caught.value.allowed
    assert [*tmp_path.glob("kept/*")] == []
    (tmp_path / "kept" / "redis-benchmark").touch()
    assert find_benchmark(tmp_path / "kept", nothing, said.append, build=True) is not None
    assert len(said) == 1


def test_no_server_and_no_data_are_left_of_a_stopped_benchmark(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"

    def both_servers_run() -> None:
        assert len(servers_in(scratch)) == 2

    # The first reader has read; the servers run until the last one has.
    command = [*COMMAND, "--part", "reads"]
    stop_command(command, scratch, "this project, hash:", both_servers_run)
    assert not servers_in(scratch)
