"""Training sets of labels from every kind of source, with columns of every type."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from feature_store.training.splits import split_by_time
from support.errors import raises
from support.projects.training_project import (
    FEATURES,
    Rows,
    TrainingProject,
    files,
    metadata,
)

pytestmark = pytest.mark.slow

TRAIN = "split=train/part-0.parquet"


def test_the_same_labels_give_the_same_set(project, tmp_path, joined):
    """Built twice, and from a model, a query, a Parquet file and a CSV file."""
    table = "select * from raw_labels"
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        for ending in ("parquet", "csv"):
            connection.execute(f"copy ({table}) to '{tmp_path}/values.{ending}'")
    labels = ["churners", "churners", table, f"  {table};\n"]
    labels += [str(tmp_path / f"values.{ending}") for ending in ("parquet", "csv")]
    written = [project.build(tmp_path / f"set{n}", text) for n, text in enumerate(labels)]
    assert len({one.content_hash for one in written}) == 1
    assert files(tmp_path / "set5") == {TRAIN: joined}
    kinds = [metadata(tmp_path / f"set{n}")["labels"] for n in range(6)]
    assert [kind["kind"] for kind in kinds] == ["dbt model"] * 2 + ["query"] * 2 + ["file"] * 2
    assert kinds[2]["query"] == kinds[3]["query"] == table
    assert kinds[4]["name"] == "values.parquet"
    assert kinds[4]["checksum"] == sha256((tmp_path / "values.parquet").read_bytes()).hexdigest()
    # A relative name that begins as a query does is a file where there is one.
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        project.build(tmp_path / "set6", "values.parquet")
    assert metadata(tmp_path / "set6")["labels"]["kind"] == "file"


@pytest.fixture
def exotic(project: TrainingProject, out: Path) -> Path:
    """Write labels of many types, in a folder whose name looks like a partition."""
    folder = out.parent / "shop=wrong"
    labels = """
        select
            customer_id::hugeint as customer_id, shop,
            timezone('America/New_York', label_time) as at,
            customer_id * 1000000000000000000000000000000::hugeint as huge,
            'x''"' || shop || chr(10) as "a ""b"" c",
            [shop, null, ''] as list, {'n': customer_id, 't': [label_time]} as struct,
            null as nothing, label_time::date as day, map {'k': 1.5} as map,
            'm'::enum('m', 'n') as mood, interval 3 day as span, label_time as _split,
            row_number() over () as _row, time_ns '01:02:03.000000004' as clock,
            timezone('America/New_York', label_time)::varchar::timestamptz_ns as at_ns, is_churned
        from raw_labels
    """
    project.build(folder / "set", labels, time="at", rule=split_by_time("2024-02-25,2024-03-08"))
    return folder / "set"


def test_labels_of_many_types(exotic: Path, project: TrainingProject, joined: Rows) -> None:
    rows = [row for part in files(exotic).values() for row in part]
    rows.sort(key=lambda row: row[13])
    assert [row[1] for row in rows] == [row[1] for row in joined]
    # A naive time of New York, in winter or summer, is four or five hours later in UTC.
    late = [row[2].replace(tzinfo=None) - other[2] for row, other in zip(rows, joined, strict=True)]
    assert {*late} == {timedelta(hours=4), timedelta(hours=5)}
    assert rows[0][3] == Decimal(joined[0][0]) * 10**30
    assert rows[0][4] == f"x'\"{joined[0][1]}\n"
    assert rows[0][5] == [joined[0][1], None, ""]
    assert rows[0][6] == {"n": joined[0][0], "t": [joined[0][2]]}
    found = metadata(exotic)
    earliest = min(row[2] for row in rows)
    assert found["first_time"] == earliest.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (found["labels"]["label"], "shop=wrong" in found["columns"]) == ("is_churned", False)
    outcome = project.verify(exotic)
    assert (outcome.is_reproducible, outcome.findings, outcome.notes) == (True, [], [])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("huge", "column x: up to 38 digits are allowed, got 1000"),
        ("-huge", "column x: up to 38 digits are allowed, got -1000"),
        ("huge::uhugeint", "column x: up to 38 digits are allowed, got 1000"),
        ("[huge]", "column x is of type hugeint[], and Parquet holds no hugeint inside of it"),
        ("{'a': map {'k': [span]}}", "and Parquet holds no interval inside of it exactly"),
        ("span", "column x: whole milliseconds, none negative are allowed, got 00:00:00.000001"),
        ("-interval 1 month", "none negative are allowed, got -1 month"),
        ("interval 1 month - interval 1 day", "none negative are allowed, got 1 month -1 day"),
    ],
)
def test_values_that_parquet_cannot_represent(project, out, column, message):
    values = "select repeat('1', 1) || repeat('0', 38) as huge, interval 1 microsecond as span"
    labels = f"""
        select raw_labels.*, {column.replace("huge", "huge::hugeint", 1)} as x
        from raw_labels cross join ({values})
    """
    with raises(message, "cast it to varchar in the query of the labels, or leave it out"):
        project.build(out, labels)
    assert not out.exists()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_zoned_times_of_nanoseconds(project, out, joined, zone):
    """As Arrow writes what pandas holds."""
    labels = f"select * replace (timezone('{zone}', label_time) as label_time) from raw_labels"
    project.build(out / "us", labels)
    finer = labels.replace(" as label_time)", "::varchar::timestamptz_ns as label_time)")
    project.build(out / "ns", finer)
    ours, theirs = (metadata(out / name) for name in ("us", "ns"))
    assert ours["first_time"] == theirs["first_time"]
    assert ours["splits"]["train"]["rows"] == theirs["splits"]["train"]["rows"]
    assert project.verify(out / "ns").is_reproducible
    with duckdb.connect() as connection:
        same = [
            connection.sql(f"select {', '.join(FEATURES)} from '{out}/{name}/{TRAIN}'").fetchall()
            for name in ("us", "ns")
        ]
    assert same[0] == same[1]
    assert len(same[0]) == len(joined)


def test_without_a_label_or_time(project: TrainingProject, out: Path) -> None:
    """Two booleans are no label; times may be null, and then there is no first one."""
    labels = "select customer_id, shop, null::timestamp as label_time, true as a, 2 as b, "
    written = project.build(out, labels + "false as c from raw_labels")
    assert written.splits["train"].positives is None
    found = metadata(out)
    assert found["labels"]["label"] is None
    assert (found["first_time"], found["splits"]["train"]["last_time"]) == (None, None)
    assert {row[6:] for row in files(out)[TRAIN]} == {(None, None, None)}
    assert project.verify(out).is_reproducible
    project.build(out, labels + "false as c from raw_labels", label="a")
    assert metadata(out)["splits"]["train"]["positives"] == 302
    project.build(out, labels.replace("true", "1") + "2 as Target from raw_labels")
    assert metadata(out)["labels"]["label"] == "Target"


def test_a_million_labels(project: TrainingProject, out: Path, tmp_path: Path) -> None:
    """The order of a file is kept, and it is reproduced."""
    path = tmp_path / "labels.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select (n % 20)::bigint as customer_id, timestamp "
            "'2024-02-01' + n * interval 3 second as label_time, n as place "
            f"from range(1_000_000) as r(n) order by hash(n)) to '{path}'"
        )
    written = project.build(out, str(path), features=["purchases:orders_3d"])
    assert written.rows == 1_000_000
    expected = pyarrow.parquet.read_table(path, columns=["place"])
    assert expected["place"][:3].to_pylist() != [0, 1, 2]
    found = pyarrow.parquet.ParquetFile(out / TRAIN).read(columns=["place"])
    assert found["place"].equals(expected["place"])
    assert project.verify(out).is_reproducible
