"""The generator of the shop's events: its files, and that the project loads and cleans them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from feature_store import FeatureStoreError
from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.load_result import LoadResult
from feature_store.settings import load_settings
from support.benchmarks import assert_error, command_of, rows_of
from support.projects.cleaned_project import CleanedProject, cleaned_project

if TYPE_CHECKING:
    from shop_events.events import ShopEvents

pytestmark = pytest.mark.slow

COMMAND = command_of("generate_events.py")
SOURCES = "models/staging/complete_journey/_complete_journey.yml"
#: Hash of all rows of ``shop`` in their order; with another one the benchmarks are not comparable.
CONTENT = "c1fb4021943a8e25183687587a8c229b"


@pytest.fixture
def shop() -> ShopEvents:
    """Return a small shop, of which much is late, twice or wrong."""
    from shop_events.events import ShopEvents

    return ShopEvents(
        events=20_000,
        customers=400,
        days=30,
        start=date(2024, 1, 1),
        late=0.05,
        duplicates=0.02,
        malformed=0.05,
    )


def content(rows: str, threads: int = 2) -> str:
    """Return a hash of a query's rows in their order."""
    return rows_of(
        f"select md5(string_agg(line::varchar, '\n' order by place)) "
        f"from (select line, row_number() over () as place from ({rows}) as line)",
        threads,
    )[0][0]


def test_the_rows_follow_from_the_arguments_alone(shop: ShopEvents, tmp_path: Path) -> None:
    from shop_events.files import write_shop

    everything = range(shop.events)
    assert content(shop.rows(everything), threads=1) == CONTENT
    assert content(shop.rows(everything, ranges=3), threads=4) == CONTENT
    [whole] = write_shop(shop, tmp_path / "whole")
    assert content(f"from '{whole}'") == CONTENT
    days = write_shop(shop, tmp_path / "days", per_day=True)
    assert len(days) == shop.days
    assert content(f"from read_parquet({[str(day) for day in days]})") == CONTENT
    # Each day is computed by itself.
    assert content(shop.rows(shop.arriving(7))) == content(f"from '{days[7]}'")
    assert content(replace(shop, seed=2).rows(everything)) != CONTENT


def test_few_customers_have_many_rows_and_all_have_some(shop: ShopEvents) -> None:
    big = replace(shop, events=200_000, customers=2_000)
    [(customers, top, median, pairs, hours)] = rows_of(
        f"""
        with lines as ({big.rows(range(big.events))}),
        counts as (select count(*) as n from lines group by household_id)
        select
            count(*),
            sum(n) filter (n > (select quantile_disc(n, 0.99) from counts)) / sum(n),
            median(n),
            (select count(distinct (household_id, basket_id)) from lines)
            - (select count(distinct basket_id) from lines),
            (select count(distinct hour(transaction_timestamp)) from lines)
        from counts
        """
    )
    assert 1_950 < customers <= 2_000
    assert 0.19 < top < 0.25
    assert 45 < median < 75
    assert (pairs, hours) == (0, 14)


def test_random_numbers_are_spread_evenly_and_apart() -> None:
    from shop_events.random_numbers import random_columns

    columns = random_columns({"a": "n", "b": "n"}, seed=3)
    [(mean, same, correlation, fewest, most)] = rows_of(
        f"""
        with drawn as (select {columns} from range(400000) as r(n)),
        shares as (select random_a / 2**32 as a, random_b / 2**32 as b from drawn),
        cells as (select count(*) as n from shares group by floor(a * 10), floor(b * 10))
        select
            (select avg(a) from shares),
            (select count(*) - count(distinct a) from shares),
            (select corr(a, b) from shares),
            (select min(n) from cells),
            (select max(n) from cells)
        """
    )
    assert abs(mean - 0.5) < 0.002
    assert same == 0  # the numbers are permuted
    assert abs(correlation) < 0.01
    assert 3_700 < fewest < most < 4_300


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[CleanedProject, list[LoadResult]]:
    """Load generated days and products with the project's loader, and clean them by its models."""
    folder = tmp_path_factory.mktemp("shop")
    options = ["--events", "20000", "--customers", "400", "--days", "30", "--late", "0.05"]
    options += ["--duplicates", "0.02", "--malformed", "0.05", "--unreadable", "0.01"]
    subprocess.run(
        [*COMMAND, *options, "--per-day", "--out", str(folder / "data")],
        check=True,
        capture_output=True,
    )
    (folder / "project").mkdir()
    with cleaned_project(folder / "project") as project:
        properties = yaml.safe_load((project.folder / SOURCES).read_text())
        [source] = properties["sources"]
        files = {"transactions": "transactions_*.parquet", "products": "products.parquet"}
        source["tables"] = [table for table in source["tables"] if table["name"] in files]
        for table in source["tables"]:
            path = folder / "data" / files[table["name"]]
            table["config"]["meta"]["load"]["path"] = str(path)
            project.execute(f"drop table raw.{table['name']}")
        project.write(SOURCES, properties)
        settings = load_settings("test", project_dir=project.folder)
        results = load(settings, LoadRequest(quarantine=True))
        project.dbt.parse()
        project.build()
        return project, results


def test_the_loader_takes_all_but_the_unreadable_rows(
    loaded: tuple[CleanedProject, list[LoadResult]],
) -> None:
    project, results = loaded
    by_name = {result.name.split(".")[-1]: result for result in results}
    lines = by_name["transactions"]
    assert [result.error for result in results] == [None, None]
    assert (lines.files, lines.read, lines.loaded + lines.rejected) == (30, 20_000, 20_000)
    assert 150 < lines.rejected < 250
    assert by_name["products"].loaded == by_name["products"].read > 49_000
    # Nothing else is reported: the columns are those that the source declares.
    rejects = f"in raw.raw_rejects: {lines.rejected} malformed rows"
    assert [result.notes for result in results] == [[rejects], []]
    assert project.query(
        "select count(*) from raw.raw_rejects where reason not like '%quantity%'"
    ) == [(0,)]


def test_cleaning_rejects_the_malformed_rows_each_for_its_reason(
    loaded: tuple[CleanedProject, list[LoadResult]],
) -> None:
    project, _ = loaded
    faults = dict(
        project.query(
            "select fault, count(*) from cleaned.rejected_order_lines, unnest(faults) as t(fault) "
            "group by fault"
        )
    )
    assert faults.keys() == {
        "product_unknown",
        "quantity_not_positive",
        "quantity_is_volume",
        "amount_invalid",
    }
    # A quantity may be missing or zero.
    assert 300 < faults.pop("quantity_not_positive") < 500
    assert all(140 < count < 260 for count in faults.values()), faults


def test_rows_come_twice_and_late(loaded: tuple[CleanedProject, list[LoadResult]]) -> None:
    project, _ = loaded
    [(copies, late, latest, early, before)] = project.query(
        """
        with arrived as (
            select
                *,
                date_diff(
                    'day', ordered_at, cast(regexp_extract(source_file, '(\\d+-\\d+-\\d+)') as date)
                ) as days_late
            from cleaned.order_lines_checked
        )
        select
            count(*) filter (copy_number > 1),
            count(*) filter (copy_number = 1 and days_late > 1),
            max(days_late),
            count(*) filter (days_late < 0),
            count(*) filter (ordered_at < '2024-01-01')
        from arrived
        """
    )
    assert 300 < copies < 450
    assert 500 < late < 1_000
    assert 20 < latest < 30
    assert (early, before) == (0, 0)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--events", "0", "events 0, of 1 to 1,000,000,000"),
        ("--late", "1.5", "late 1.5, of 0 to 1"),
        ("--days", "6000", "days 6,000, of 1 to 5,000"),
    ],
)
def test_numbers_out_of_bounds_are_an_error(
    option: str, value: str, said: str, tmp_path: Path
) -> None:
    options = {"--events": "5000", "--out": str(tmp_path)} | {option: value}
    assert_error([*COMMAND, *(word for pair in options.items() for word in pair)], said)
    assert [*tmp_path.iterdir()] == []


def test_files_of_another_run_are_not_mixed_in(shop: ShopEvents, tmp_path: Path) -> None:
    from shop_events.files import write_shop

    write_shop(shop, tmp_path)
    with pytest.raises(FeatureStoreError, match=r"transactions\.parquet"):
        write_shop(shop, tmp_path, per_day=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "products.parquet",
        "transactions.parquet",
    ]
