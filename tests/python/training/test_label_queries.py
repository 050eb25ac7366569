"""Labels as SQL, as CSV and as pandas tables: read exactly, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from feature_store import FeatureStore, FeatureStoreError
from feature_store.warehouse.read_only_query import one_query
from support.projects.history_store import HistoryStore, opened, refused

pytestmark = pytest.mark.slow

KEYS = "1::bigint as customer_id, 'b' as shop"
FEATURES = ["purchases:orders_7d"]
#: Of customer 1, the day n of January 2017 at 00:00 UTC gives 9 + n.
DAY = datetime(2017, 1, 3)


@pytest.fixture
def store(history: HistoryStore) -> Iterator[FeatureStore]:
    with opened(history.folder) as feature_store:
        yield feature_store


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("select 1", "select 1"),
        (" select 1 ;; ", "select 1"),
        ("select 1; -- a\n /* b */ ; -- c;", "select 1"),
        ("select ';' as é; -- x", "select ';' as é"),
        ("-- a\n/* ; */ ; from x", "from x"),
        ("select 1 -- a", "select 1 -- a"),
        ("with a as (select 1) from a", "with a as (select 1) from a"),
        ("values (1)", "values (1)"),
        ("(select 1)", "(select 1)"),
    ],
)
def test_one_query(text: str, query: str):
    assert one_query(text, "the labels") == query


@pytest.mark.parametrize(
    "text",
    [
        "select 1; select 2",
        "{select}; copy (select 1) to '{file}'",
        "copy (select 1) to '{file}'; {select}",
        "{select};\n-- harmless\nattach '{file}'",
        "attach '{file}'",
        "create table t as {select}",
        "insert into features.purchases_v2 {select}",
        "with a as (select 1) insert into features.purchases_v2 from a",
        "pragma version",
        "call pragma_version()",
        "set memory_limit = '1GB'",
        "install json",
        "load json",
        "export database '{file}'",
        "explain {select}",
        "prepare p as {select}",
        "drop table features.purchases_v2",
        "with a as (delete from features.purchases_v2 returning *) from a",
        "select from where",
        "{select} -- ; \n; /* */ copy (select 1) to '{file}'",
    ],
)
def test_texts_that_are_not_one_query(text: str, tmp_path: Path, store: FeatureStore):
    file = tmp_path / "out"
    query = f"select {KEYS}, timestamp '2017-01-03' as label_time"
    text = text.replace("{select}", query).replace("{file}", str(file))
    message = refused(store, text, FEATURES)
    assert "cannot be read" in message
    assert store.get_historical_features(query, FEATURES).to_arrow().num_rows == 1
    assert not file.exists()


def csv(folder: Path, *times: str, key: str = "1", later: str = "1") -> Path:
    """Write labels, of which DuckDB by itself looks at the first 20,000 only."""
    many = [f"{key},b,{times[0]}"] * 21_000 if len(times) > 1 or later != key else []
    rows = ["customer_id,shop,label_time", *many, *(f"{later},b,{time}" for time in times)]
    path = folder / "labels.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("times", "last"),
    [
        (["2017-01-03"], 12),
        (["2017-01-02T23:59:59.999999"], 11),
        (["2017-01-03T00:30:00+02:00"], 11),
        (["2017-01-02T23:30:00-0100"], 12),
        (["2017-01-03 00:00Z"], 12),
        (["2017-01-05", "2017-01-03 00:00:00.000000000"], 12),
        (["2017-01-03T05:00:00+02", "2017-01-03T00:30:00+02:00"], 11),
        (["2017-01-05", ""], None),
        (["02.01.2017"], "'02.01.2017' is not a valid time"),
        (["01/02/2017"], "is not a valid time"),
        (["2017-01-03T00:30:00", "2017-01-03T00:30:00+02:00"], "has an offset and"),
        (["2017-01-03 00:00:00.0000001"], "is not a valid time"),
        (["2017-01-03T00:30:00 Europe/Berlin"], "is not a valid time"),
        (["2017-01-03T00:30:00+25:00"], "is not a valid time"),
        (["2017-02-30"], "is not a valid time"),
        (["1483401600"], "is not a valid time"),
        (["soon"], "is not a valid time"),
    ],
)
def test_times_of_a_csv(times, last, tmp_path, store):
    path = csv(tmp_path, *times)
    if isinstance(last, str):
        message = refused(store, path, FEATURES)
        assert "time column label_time: " in message
        assert last in message
    else:
        found = store.get_historical_features(path, FEATURES).to_arrow()
        assert found.column("orders_7d").to_pylist()[-1] == last


def test_keys_of_a_csv_have_the_type_of_all_rows(tmp_path: Path, store: FeatureStore):
    message = refused(store, csv(tmp_path, "2017-01-03", later="2.7"), FEATURES)
    assert "customer_id is of type DOUBLE; bigint is allowed" in message
    message = refused(store, csv(tmp_path, "2017-01-03", later="A12"), FEATURES)
    assert "customer_id is of type VARCHAR; bigint is allowed" in message


@pytest.mark.parametrize("rows", ["", ",b,2017-01-03\n", ",,\n1,,\n"])
@pytest.mark.parametrize("time", ["label_time", "t"])  # the second could be a boolean
def test_a_csv_without_a_row_or_a_key(rows: str, time: str, tmp_path: Path, store: FeatureStore):
    path = tmp_path / "labels.csv"
    path.write_text(f"customer_id,shop,{time}\n" + rows)
    found = store.get_historical_features(path, FEATURES, time=time).to_arrow()
    assert found.column("orders_7d").to_pylist() == [None] * rows.count("\n")


def test_text_keys_of_a_csv_are_the_texts_of_the_file(tmp_path: Path, store: FeatureStore):
    """Among them numbers, dates and booleans, as DuckDB sees them."""
    path = tmp_path / "labels.csv"
    for shops in (["007", "7"], ["2017-01-03", "2017-01-04"], ["true", "f"], ["1e3", "01.50"]):
        rows = "".join(f"1,{shop},2017-01-03\n" for shop in shops)
        path.write_text("customer_id,shop,label_time\n" + rows)
        found = store.get_historical_features(path, ["affinity:share"]).to_arrow()
        assert found.column("shop").to_pylist() == shops


def series(*values: Any, dtype: Any = None) -> pd.Series:
    return pd.Series([*values], dtype=dtype)


def arrow(value: Any, kind: pa.DataType) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array([value], kind)))


_LATE = timezone(timedelta(hours=2))
_NS = np.datetime64("2017-01-02T23:59:59.999999999")


@pytest.mark.parametrize(
    ("times", "last"),
    [
        (lambda: series(DAY).astype("datetime64[s]"), 12),
        (lambda: series(DAY).astype("datetime64[ms]"), 12),
        (lambda: series(DAY).astype("datetime64[us]"), 12),
        (lambda: series(DAY).astype("datetime64[ns]"), 12),
        (lambda: series(DAY.replace(tzinfo=_LATE)), 11),
        (lambda: series(DAY).dt.tz_localize("America/New_York"), 12),
        (lambda: series(DAY.replace(tzinfo=UTC), DAY.replace(tzinfo=_LATE), dtype=object), 11),
        (lambda: series(date(2017, 1, 3), dtype=object), 12),
        (lambda: series(DAY, pd.NaT, dtype=object), None),
        (lambda: series(None, dtype=object), None),
        (lambda: series(pd.Timestamp(DAY)).astype("category"), 12),
        (lambda: arrow(DAY, pa.timestamp("us")), 12),
        (lambda: arrow(DAY, pa.timestamp("s", "Asia/Tokyo")), 12),
        (lambda: arrow(date(2017, 1, 3), pa.date32()), 12),
        (lambda: series(_NS), "parts of a microsecond"),
        (lambda: series(_NS).dt.tz_localize("UTC"), "parts of a microsecond"),
        (lambda: series(pd.Timestamp(_NS), dtype=object), "parts of a microsecond"),
        (lambda: series(pd.Timestamp(_NS)).astype("category"), "parts of a microsecond"),
        (lambda: arrow(DAY, pa.timestamp("ns", "Asia/Tokyo")), 12),
        (lambda: arrow(1, pa.timestamp("ns", "UTC")), "parts of a microsecond"),
        (lambda: series("2017-01-03T00:30:00+02:00"), "is of type VARCHAR; a timestamp"),
        (lambda: series("2017-01-03", dtype="string"), "is of type VARCHAR; a timestamp"),
        (lambda: series("2017-01-03").astype("category"), "is of type ENUM("),
        (lambda: series(DAY, DAY.replace(tzinfo=UTC), dtype=object), "several types"),
        (lambda: series(DAY, "2017-01-03", dtype=object), "several types"),
        (lambda: series(DAY, date(2017, 1, 3), dtype=object), "several types"),
        (lambda: series(DAY, "2017-01-03", dtype=object).astype("category"), "several types"),
        (lambda: pd.Series(pd.to_timedelta([1], "s")), "is of type INTERVAL; a timestamp"),
        (lambda: pd.Series(pd.period_range("2017-01", periods=1, freq="M")), "cannot be read"),
        (lambda: series(1483401600), "is of type BIGINT; a timestamp"),
    ],
)  # fmt: skip
def test_times_of_pandas(times, last, store):
    column = times()
    frame = pd.DataFrame({"customer_id": 1, "shop": "b", "label_time": column})
    if isinstance(last, str):
        assert last in refused(store, frame, FEATURES)
    else:
        found = store.get_historical_features(frame, FEATURES).to_arrow()
        assert found.column("orders_7d").to_pylist()[-1] == last


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (lambda: series(1.0, None), None),
        (lambda: series(1, None, dtype="Int64"), None),
        (lambda: series(1, 1).astype("category"), None),
        (lambda: series(1.0, 1.5), "or whole numbers below 2^53; got 1.5"),
        (lambda: series("1", "007"), "is of type VARCHAR; bigint is allowed"),
        (lambda: series("1", "1").astype("category"), "bigint is allowed"),
        (lambda: series(1, "1", dtype=object).astype("category"), "several types: int, str"),
        (lambda: series(True, False), "is of type BOOLEAN; bigint is allowed"),
    ],
)
def test_keys_of_pandas(keys: Callable[[], pd.Series], message: str | None, store: FeatureStore):
    frame = pd.DataFrame({"customer_id": keys(), "shop": "b", "label_time": DAY})
    if message:
        assert message in refused(store, frame, FEATURES)
    else:
        found = store.get_historical_features(frame, FEATURES).to_arrow()
        expected = [None if pd.isna(key) else 12 for key in frame["customer_id"]]
        assert found.column("orders_7d").to_pylist() == expected
        # A double of a table that has types is none of a key, as in a dbt model.
        floats = pa.table({"customer_id": [1.0], "shop": ["b"], "label_time": [DAY]})
        assert "is of type DOUBLE; bigint" in refused(store, floats, FEATURES)


@pytest.mark.parametrize("where", ["one.parquet", "", "*.parquet"])
@pytest.mark.parametrize("is_int96", [True, False])
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_nanoseconds_of_parquet(where, is_int96, zone, tmp_path, store):
    day = int(DAY.replace(tzinfo=UTC).timestamp()) * 10**9
    for nanoseconds in (day, day + 1000, day + 1):
        times = pa.array([day, nanoseconds], pa.timestamp("ns", zone))
        table = pa.table({"customer_id": [1, 1], "shop": ["b", "b"], "label_time": times})
        parquet.write_table(
            table, tmp_path / "one.parquet", use_deprecated_int96_timestamps=is_int96
        )
        if nanoseconds % 1000:
            assert "parts of a microsecond" in refused(store, tmp_path / where, FEATURES)
        else:
            found = store.get_historical_features(tmp_path / where, FEATURES).to_arrow()
            assert found.column("orders_7d").to_pylist() == [12, 12]


def test_errors_are_of_this_package():
    with pytest.raises(FeatureStoreError, match="cannot be read: not one query, but 2 statements"):
        one_query("select 1; select 2", "the labels")
    with duckdb.connect() as connection:
        assert connection.execute(one_query("from range(3);;", "the labels")).fetchall()[2] == (2,)
