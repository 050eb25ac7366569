"""The benchmark of joins: its data, compared values, errors and stops; nothing is timed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from support.benchmarks import assert_error, command_of, rows_of, run_command, stop_command

pytestmark = pytest.mark.slow

COMMAND = command_of("compare_point_in_time_joins.py")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the small benchmark, this project alone, and return its kept folder."""
    folder = tmp_path_factory.mktemp("bench") / "scratch"
    options = ["--small", "--no-feast", "--keep", "--scratch", str(folder)]
    done = run_command([*COMMAND, *options])
    assert done.returncode == 0, done.stderr
    assert "2k × 10k" in done.stdout
    return folder / "10000"


def test_the_data_are_the_same_on_every_machine(scratch: Path) -> None:
    assert rows_of(
        "select count(*), count(distinct (customer_id, feature_time)), max(orders_lifetime), "
        "sum(spend_28d), sum(epoch(feature_time) % 9973)::bigint, count(favourite_department) "
        f"from '{scratch}/features.parquet'"
    ) == [(10_000, 10_000, 2_659, Decimal("2053184.00"), 49_977_282, 9_677)]
    assert rows_of(
        "select count(*), count(distinct label_id), sum(epoch_us(label_time) % 9973)::bigint, "
        f"sum(customer_id) from '{scratch}/spine_2000.parquet'"
    ) == [(2_000, 1_978, 9_851_040, 211_129)]


def test_the_spine_has_the_labels_that_joins_get_wrong(scratch: Path) -> None:
    from joins.compare_rows import special_labels

    kinds = special_labels(scratch / "spine_2000.parquet", scratch / "features.parquet")
    assert len(kinds) == 5
    assert min(kinds.values()) > 3, kinds


@pytest.mark.parametrize(
    ("result", "limit"),
    [("this_project_2000", ""), ("this_project_2000_28d", "and t - feature_time <= '28 days'")],
)
def test_joined_rows_are_those_of_a_search_for_each_label(
    scratch: Path, result: str, limit: str
) -> None:
    """The search finds, for each label by itself, the latest row at or before its time."""
    from joins.task import FEATURES

    features = ", ".join(FEATURES)
    searched = f"""
        select s.* exclude (file_row_number, t), {features}
        from (
            select *, label_time as t
            from read_parquet('{scratch}/spine_2000.parquet', file_row_number = true)
        ) as s
        left join lateral (
            from '{scratch}/features.parquet' as f
            where f.customer_id = s.customer_id and f.feature_time <= s.t
            order by f.feature_time desc
            limit 1
        ) as found on found.customer_id is not null {limit}
        order by s.file_row_number
    """
    found = rows_of(f"from '{scratch}/{result}.parquet'")
    assert len(found) == 2_000
    assert found == rows_of(searched)


def test_the_comparison_finds_a_lost_row_a_wrong_value_and_another_order(
    scratch: Path, tmp_path: Path
) -> None:
    from joins.compare_rows import compare

    ours, spine = scratch / "this_project_2000.parquet", scratch / "spine_2000.parquet"
    same = compare(ours, ours, spine)
    assert (same.only_ours, same.only_theirs, same.theirs_in_order) == (0, 0, True)
    other = tmp_path / "other.parquet"

    def differing(query: str) -> tuple[int, int, bool]:
        rows_of(f"copy ({query}) to '{other}'")
        found = compare(ours, other, spine)
        return found.only_ours, found.only_theirs, found.theirs_in_order

    repeated = rows_of(f"select count(*) - count(distinct label_id) from '{ours}'")[0][0]
    assert differing(f"select distinct on (label_id) * from '{ours}'")[:2] == (repeated, 0)
    assert differing(
        f"select * replace (if(label_id = 7, -1, orders_7d) as orders_7d) from '{ours}'"
    ) == (1, 1, True)
    assert differing(f"from '{ours}' limit 1990") == (10, 0, False)
    assert differing(f"from '{ours}' order by customer_id, label_id") == (0, 0, False)


def test_feast_without_its_environment_is_an_error(tmp_path: Path) -> None:
    options = ["--feast-python", str(tmp_path / "python"), "--scratch", str(tmp_path / "s")]
    assert_error([*COMMAND, *options], "make bench")


def test_nothing_is_left_of_a_stopped_benchmark(tmp_path: Path) -> None:
    stop_command([*COMMAND, "--no-feast"], tmp_path / "scratch", "generating")
