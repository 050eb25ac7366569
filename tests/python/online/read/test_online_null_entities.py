"""Entities with null keys: no features, online as in a point-in-time join."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from feature_store import FeatureStore, FeatureStoreError

FEATURES = ["customer_purchases:v1:orders_28d", "customer_profile:name"]


@pytest.mark.parametrize("null", [None, float("nan"), np.nan, pd.NA, pd.NaT, np.datetime64("nat")])
def test_a_null_in_a_batch(null: Any, store: FeatureStore):
    result = store.get_online_features([{"customer_id": 1}, {"customer_id": null}], FEATURES)
    assert [row[FEATURES[0]] for row in result.rows] == [3, None]
    assert [{*row.values()} for row in result.statuses] == [{"present"}, {"not_found"}]
    assert [*result.feature_times[1].values()] == [None, None]
    assert result.rows[1]["customer_id"] is null


def test_a_null_part_of_a_key(store: FeatureStore):
    """In each place, beside an id that is as the null is written, and one that is empty."""
    known = {"customer_id": 1, "store": "Nord"}
    odd = [{"store": None}, {"customer_id": None}, {"store": "%null"}, {"store": ""}]
    entities = [known, *({**known, **part} for part in odd), dict.fromkeys(known)]
    result = store.get_online_features(entities, ["affinity:share"])
    assert [row["affinity:share"] for row in result.rows] == [0.75] + [None] * 5
    found = [row["affinity:share"] for row in result.statuses]
    assert found == ["present"] + ["not_found"] * 5


def test_tables_with_nulls(store: FeatureStore):
    """Pandas makes floats of whole numbers with gaps."""
    ids = [1, None, 2]
    for table in (
        pd.DataFrame({"customer_id": ids}),
        pd.DataFrame({"customer_id": pd.Series(ids, dtype="Int64")}),
        pd.DataFrame({"customer_id": pd.Series(ids, dtype=object)}),
        pa.table({"customer_id": ids}),
    ):
        rows = store.get_online_features(table, FEATURES).rows
        assert [row[FEATURES[0]] for row in rows] == [3, None, 0]
        assert rows[0]["customer_id"] == 1
    with pytest.raises(FeatureStoreError, match=r"customer_id is 1\.5"):
        store.get_online_features(pd.DataFrame({"customer_id": [1.5, None]}), FEATURES)
    with pytest.raises(FeatureStoreError, match="has no customer_id"):
        store.get_online_features(pd.DataFrame({"customer": [1, None]}), FEATURES)


def test_nulls_without_blocking(store: FeatureStore):
    async def read() -> list[dict[str, Any]]:
        result = await store.get_online_features_async([{"customer_id": None}], FEATURES)
        await store.aclose()
        return result.rows

    assert asyncio.run(read()) == [{"customer_id": None, **dict.fromkeys(FEATURES)}]
