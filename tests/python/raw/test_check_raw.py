"""The availability of an interval's raw data, checked before loading."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feature_store.errors import FeatureStoreError
from feature_store.raw.interval_availability import Availability, check_availability
from feature_store.raw.load_request import LoadRequest
from support.projects.raw_project import HEADER, ORDERS, RawProject

pytestmark = pytest.mark.slow

DAY = LoadRequest(start=datetime(2024, 5, 2), end=datetime(2024, 5, 3))


def rows(*times: str) -> str:
    """Return a file with a row a time."""
    return HEADER + "".join(f"{number},1.00,x,{time}\n" for number, time in enumerate(times))


def availability(project: RawProject, request: LoadRequest = DAY) -> Availability:
    [found] = check_availability(project.folder, request)
    return found


def test_a_row_of_the_interval_is_waited_for(project: RawProject) -> None:
    """With a file a day, a later day's file does not make a missing day available."""
    project.declare("orders_*.csv", event_time="sold_at")
    assert availability(project) == Availability("orders", False, "orders_*.csv: no file matches")
    project.write("orders_1.csv", rows("2024-05-01 10:00:00", "2024-05-01 23:59:59.999999"))
    project.write("orders_3.csv", rows("2024-05-03 00:00:00"))
    assert availability(project) == Availability(
        "orders", False, "no row of the interval in 2 files"
    )
    project.write("orders_2.csv", "")
    assert availability(project).is_available is False
    project.write("orders_2.csv", rows("2024-05-02 00:00:00"))
    assert availability(project) == Availability("orders", True, "1 row in orders_2.csv")
    assert not project.warehouse.exists()


def test_a_file_with_later_rows_is_not_waited_for(project: RawProject) -> None:
    """One growing file has rows before and after the interval, so no rows of it will come."""
    project.declare("orders.csv", event_time="sold_at")
    project.write("orders.csv", rows("2024-05-01 10:00:00"))
    assert not availability(project).is_available
    project.write("orders.csv", rows("2024-05-03 10:00:00"))
    assert not availability(project).is_available
    project.write("orders.csv", rows("2024-05-01 10:00:00", "2024-05-03 00:00:00"))
    assert availability(project) == Availability(
        "orders", True, "none, but orders.csv has earlier and later rows"
    )


@pytest.mark.parametrize("kind", ["csv.gz", "jsonl", "parquet"])
def test_every_format_is_read(project: RawProject, kind: str) -> None:
    """Times are read as the loader reads them: with an offset, they are converted to UTC."""
    project.declare(f"orders.{kind}", event_time="sold_at")
    values = {"id": 1, "amount": "1.00", "note": "x", "sold_at": "2024-05-03T01:00:00+02:00"}
    path = project.folder / f"orders.{kind}"
    if kind == "csv.gz":
        path.write_bytes(gzip.compress(rows(values["sold_at"]).encode()))
    elif kind == "jsonl":
        path.write_text(json.dumps(values) + "\n")
    else:
        pq.write_table(pa.table({name: [value] for name, value in values.items()}), path)
    assert availability(project).is_available
    later = LoadRequest(start=datetime(2024, 5, 3), end=datetime(2024, 5, 4))
    assert not availability(project, later).is_available


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_intervals_are_utc(project: RawProject, kind: str) -> None:
    project.declare("orders.csv", ORDERS | {"sold_at": kind}, event_time="sold_at")
    for time, is_available in (
        ("03:00:00+02:00", True),
        ("20:00:00Z", True),
        ("01:00+02:00", False),
    ):
        project.write("orders.csv", rows(f"2024-05-02 {time}"))
        assert availability(project).is_available is is_available


def test_a_table_without_event_time_is_available_with_its_file(project: RawProject) -> None:
    project.declare("orders.csv")
    assert not availability(project).is_available
    project.write("orders.csv", rows())
    assert availability(project) == Availability(
        "orders", True, "1 file, no event time to wait for"
    )


def test_a_malformed_row_is_left_to_the_loader(project: RawProject) -> None:
    project.declare("orders.csv", event_time="sold_at")
    project.write("orders.csv", rows("soon", "2024-05-02 10:00:00") + "1,2\n")
    assert availability(project).is_available


def test_a_file_unlike_its_declaration_is_an_error(project: RawProject) -> None:
    """Waiting would not help."""
    project.declare("orders.csv", event_time="sold_at")
    project.write("orders.csv", "id,amount\n1,2\n")
    with pytest.raises(FeatureStoreError, match="columns note, sold_at missing"):
        availability(project)
    with pytest.raises(FeatureStoreError, match="--table carts: no such table"):
        [*check_availability(project.folder, LoadRequest(["carts"], DAY.start, DAY.end))]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("orders.txt", "is not clear from the file's name"),
        ("folder", "is a directory"),
        ("package:no_such_package/orders.csv", "is not installed"),
    ],
)
def test_a_path_that_no_load_can_read_is_an_error(
    project: RawProject, path: str, message: str
) -> None:
    """Waiting would not help."""
    project.write("orders.txt", rows())
    project.write("folder/orders.csv", rows())
    project.declare(path, event_time="sold_at")
    with pytest.raises(FeatureStoreError, match=message):
        availability(project)


@pytest.mark.parametrize("is_link", [False, True])
def test_an_empty_file_and_a_link_to_none_are_waited_for(
    project: RawProject, is_link: bool
) -> None:
    project.declare("orders.csv", event_time="sold_at")
    if is_link:
        (project.folder / "orders.csv").symlink_to(project.folder / "elsewhere.csv")
    else:
        project.write("orders.csv", "")
    assert not availability(project).is_available


def test_exit_codes_tell_waiting_from_errors(project: RawProject) -> None:
    project.declare("carts.csv", event_time="sold_at", table="carts")
    project.declare("orders.csv", event_time="sold_at")
    project.write("orders.csv", rows("2024-05-02 10:00:00"))
    day = ("--start", "2024-05-02", "--end", "2024-05-03")
    check = partial(project.command, script="check_raw.py")

    waiting = check(*day)
    assert (waiting.returncode, waiting.stderr) == (75, "")
    assert "orders: available: 1 row in orders.csv" in waiting.stdout
    assert "carts: not yet available: carts.csv: no such file" in waiting.stdout
    assert check(*day, "--table", "orders").returncode == 0

    wrong = check("--start", "2024-05-03", "--end", "2024-05-03")
    assert wrong.returncode == 1
    assert "--start 2024-05-03 is not before --end 2024-05-03" in wrong.stderr
