"""``FeatureStore.get_historical_features``: every kind of spine and of output."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feature_store import FeatureStore
from feature_store.historical.result import HistoricalFeatures
from support.errors import raises
from support.projects.history_spines import SOURCES, parquet
from support.projects.history_store import (
    COLUMNS,
    DAY,
    EXPECTED,
    FEATURES,
    START,
    HistoryStore,
    changed_manifest,
    labels,
    opened,
)


def features_of(joined: HistoricalFeatures, columns: list[str] = COLUMNS) -> list[tuple[Any, ...]]:
    assert [*joined.join.columns] == columns
    return [tuple(row[name] for name in columns) for row in joined.to_arrow().to_pylist()]


@pytest.mark.parametrize("mode", ["as_recomputed", "as_served"])
def test_sql_equals_that_of_dbt(mode: str, history: HistoryStore, store: FeatureStore):
    joined = store.get_historical_features(
        labels(),
        ["purchases:spend_7d", "purchases:orders_7d", "affinity:share"],
        mode=mode,
        max_age={"purchases": "28d"},
        full_feature_names=mode == "as_served",
    )
    schema = "features" if mode == "as_recomputed" else "snapshots"
    by_dbt = history.compiled[mode].replace('"memory"."main"."labels"', "_given_spine")
    assert joined.sql == by_dbt.replace('"memory"."main"', f'"{schema}"')
    assert "_matches as materialized (" in joined.sql


@pytest.mark.parametrize("kind", SOURCES)
def test_spines(kind: str, store: FeatureStore, tmp_path: Path):
    source = SOURCES[kind](labels(), tmp_path / "spine" if "like" not in kind else tmp_path)
    joined = store.get_historical_features(source, FEATURES)
    assert features_of(joined) == EXPECTED
    table = joined.to_arrow()
    assert table.column_names == ["customer_id", "shop", "label_time", "label", *COLUMNS]
    assert table.column("label").to_pylist() == [*labels()["label"]]


def test_a_file_named_like_a_query(store: FeatureStore, tmp_path: Path, monkeypatch: Any):
    monkeypatch.chdir(tmp_path)
    for name in ("values.parquet", "from (1).parquet", "select.parquet"):
        parquet(labels(), tmp_path / name)
        assert features_of(store.get_historical_features(name, FEATURES)) == EXPECTED


def test_a_table_of_the_warehouse_as_spine(store: FeatureStore):
    query = (
        "with days as (select * from range(1, 4) as r(c)) select c as customer_id, "
        "timestamp '2017-01-05' as at_time from days order by c desc -- newest first"
    )
    joined = store.get_historical_features(query, ["purchases:orders_7d"], time="at_time")
    rows = joined.to_arrow().to_pylist()
    assert [(row["customer_id"], row["orders_7d"]) for row in rows] == [(3, None), (2, 24), (1, 14)]


def test_columns_of_the_spine_come_back_as_they_were(store: FeatureStore):
    spine = pa.table(
        {
            "Odd name, 'quoted\"": pa.array([["a"], None], pa.list_(pa.string())),
            "customer_id": pa.array([1, 2], pa.int32()),
            "amount": pa.array([Decimal("1.10"), None], pa.decimal128(30, 2)),
            "label time": pa.array([START, START + DAY], pa.timestamp("ms")),
            "share": pa.array([0.1, float("nan")], pa.float32()),
            "at": pa.array([START, None], pa.timestamp("us", tz="UTC")),
            "select": pa.array([b"\x00\xff", None], pa.binary()),
        }
    )
    joined = store.get_historical_features(spine, ["purchases:orders_7d"], time="label time")
    table = joined.to_arrow()
    assert table.column_names == [*spine.column_names, "orders_7d"]
    kept = table.select(spine.column_names)
    assert str(kept.to_pylist()) == str(spine.to_pylist())
    assert kept.schema.types == spine.schema.types
    assert table.column("orders_7d").to_pylist() == [10, 21]


def test_order_of_a_large_spine(store: FeatureStore):
    rows = 300_000
    place = np.arange(rows)
    spine = pd.DataFrame(
        {
            "customer_id": place % 3,
            "label_time": np.datetime64("2017-01-01") + (place % 7919).astype("timedelta64[m]"),
            "place": place,
        }
    )
    frame = store.get_historical_features(spine, ["purchases:orders_7d"]).to_pandas()
    assert (frame["place"] == place).all()
    days = place % 7919 // 1440
    known = place % 3 > 0
    assert (frame["orders_7d"][known] == (place % 3 * 10 + days)[known]).all()
    assert frame["orders_7d"][~known].isna().all()


def test_as_served(store: FeatureStore):
    """From an hour after the feature time until a day later; not after the row was deleted."""
    hour, tick = timedelta(hours=1), timedelta(microseconds=1)
    times = {
        (1, START + hour - tick): None,
        (1, START + hour): 10,
        (1, START + DAY + hour - tick): 10,
        (1, START + DAY + hour): 11,
        (1, START + 400 * DAY): 18,
        (2, START + 4 * DAY + hour - tick): 23,
        (2, START + 4 * DAY + hour): None,
    }
    spine = pd.DataFrame([*times], columns=["customer_id", "label_time"])
    joined = store.get_historical_features(spine, ["purchases:orders_7d"], mode="as_served")
    assert features_of(joined, ["orders_7d"]) == [(value,) for value in times.values()]
    aged = store.get_historical_features(
        spine, ["purchases:orders_7d"], mode="as_served", max_age="25h"
    )
    values = [value if time < START + 399 * DAY else None for (_, time), value in times.items()]
    assert features_of(aged, ["orders_7d"]) == [(value,) for value in values]


def test_max_age(store: FeatureStore):
    spine = labels().assign(label_time=START + 9 * DAY)  # a day after the last rows

    def values(max_age: Any) -> list[Any]:
        return features_of(store.get_historical_features(spine, FEATURES, max_age=max_age))[0:1]

    both = [(Decimal("2.00"), 18, 8.25)]
    assert values(None) == values("1d") == values({}) == both
    assert values("23h") == [(None, None, None)]
    assert values({"purchases": "23h"}) == [(None, None, 8.25)]
    assert values({"affinity": "86399s", "purchases": "1d"}) == [(Decimal("2.00"), 18, None)]


def test_references_and_names(history: HistoryStore, store: FeatureStore):
    def columns(features: Any, **options: Any) -> list[str]:
        return [*store.get_historical_features(labels(), features, **options).join.columns]

    assert columns(["purchases"]) == ["orders_7d", "spend_7d", "is_new"]
    assert columns(["purchases:v1"]) == ["orders_7d", "spend_7d"]
    assert columns(["affinity:share", "purchases:is_new"]) == ["share", "is_new"]
    assert columns(["purchases:is_new", "purchases:v2:is_new", "purchases"])[0] == "is_new"
    versions = ["purchases:v1:spend_7d", "purchases:spend_7d"]
    full = store.get_historical_features(labels(), versions, full_feature_names=True)
    names = ["purchases_v1__spend_7d", "purchases_v2__spend_7d"]
    assert features_of(full, names)[:2] == [
        (Decimal("1.50"), Decimal("0.25")),
        (Decimal("1.50"), Decimal("0.50")),
    ]
    with raises("would occur twice in the result: spend_7d\nNext: pass full_feature_names=True"):
        columns(versions)


def test_feature_services(history: HistoryStore):
    depends_on = {"nodes": ["model.tiny.purchases.v1", "model.tiny.affinity.v1"]}
    common = {"description": " Why. ", "owner": {"name": "We"}, "depends_on": depends_on}
    meta = {"features": ["affinity:share", "purchases:spend_7d"]}
    twisted = {"features": ["purchases:v2:spend_7d"]}
    exposures = {
        "all": {"name": "all", **common},
        "some": {"name": "some", **common, "config": {"meta": meta}},
        "one": {"name": "one", **common, "meta": {"features": "affinity"}},
        "twisted": {"name": "twisted", **common, "config": {"meta": twisted}},
        "none": {"name": "none", **common, "depends_on": {"nodes": ["model.tiny.labels"]}},
    }
    with changed_manifest(history) as manifest:
        manifest["exposures"] = exposures
    with opened(history.folder) as store:
        services = {name: store.feature_service(name) for name in ("all", "some", "one")}
        assert services["all"].features == (
            "affinity:v1:share",
            "purchases:v1:orders_7d",
            "purchases:v1:spend_7d",
        )
        assert services["some"].features == ("affinity:v1:share", "purchases:v1:spend_7d")
        assert services["one"].features == ("affinity:v1:share",)
        assert (services["all"].description, services["all"].owner) == ("Why.", "We")
        joined = store.get_historical_features(labels(), "some")
        assert features_of(joined, ["share", "spend_7d"])[0] == (1.25, Decimal("1.50"))
        for name, message in {
            "som": "there is no feature service 'som'\nAllowed: an exposure; near names: some",
            "none": "exposure 'none' depends on no feature view\nNext: add ref('<view>'",
            "twisted": "lists 'purchases:v2:spend_7d', but does not depend on purchases:v2",
        }.items():
            with raises(message):
                store.get_historical_features(labels(), name)


def test_every_output_has_the_same_rows(store: FeatureStore, tmp_path: Path):
    joined = store.get_historical_features(labels(), FEATURES)
    table = joined.to_arrow()
    assert pa.Table.from_batches(joined.to_batches(rows=2)).equals(table)
    assert joined.to_parquet(tmp_path / "new" / "set.parquet") == 6
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["set.parquet"]
    assert pq.read_table(tmp_path / "new" / "set.parquet").to_pylist() == table.to_pylist()
    frame = joined.to_pandas()
    assert [*frame.columns] == table.column_names
    pd.testing.assert_frame_equal(
        frame[COLUMNS], table.select(COLUMNS).to_pandas().astype(frame[COLUMNS].dtypes)
    )
    assert re.match(r"-- Made by point_in_time_join\(\)", joined.sql)


def test_a_spine_is_read_when_it_is_joined(store: FeatureStore):
    """Rows that change after the call are those that are joined: nothing is kept."""
    spine = labels()
    joined = store.get_historical_features(spine, FEATURES)
    spine.loc[0, "label_time"] = START + 2 * DAY
    assert features_of(joined)[0] == EXPECTED[1]


def test_no_rows(store: FeatureStore, tmp_path: Path):
    joined = store.get_historical_features(labels()[:0], FEATURES)
    assert joined.to_arrow().num_rows == len(joined.to_pandas()) == 0
    assert joined.to_parquet(tmp_path / "empty.parquet") == 0
    assert pq.read_schema(tmp_path / "empty.parquet").names[-3:] == COLUMNS


def test_progress_is_shown(store: FeatureStore, capfd: pytest.CaptureFixture[str]):
    joined = store.get_historical_features(labels(), FEATURES, progress=True)
    assert features_of(joined) == EXPECTED
    shown = capfd.readouterr()
    assert "Joining features to 6 rows" in shown.err
    assert shown.out == ""
