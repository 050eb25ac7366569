"""Spines that are pandas tables with columns of Python objects."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from feature_store import FeatureStore, FeatureStoreError
from feature_store.historical.spine_frame_types import typed_frame
from support.projects.history_store import FEATURES, START

pytestmark = pytest.mark.slow

#: More rows than DuckDB looks at.
ROWS = 3_000
TIME = START + timedelta(days=2)


def frame(usual: dict[str, Any], odd: dict[str, Any]) -> pd.DataFrame:
    """Return a spine whose second row alone is odd."""
    base = {"customer_id": 1, "shop": "b", "label_time": TIME, "x": 1} | usual
    rows = [base, base | odd, *[base] * (ROWS - 2)]
    return pd.DataFrame(rows, dtype=object)


@pytest.mark.parametrize(
    ("usual", "odd", "message"),
    [
        ({}, {"customer_id": 1.5}, "key column customer_id is of type DOUBLE"),
        ({}, {"label_time": TIME.replace(tzinfo=UTC)}, "label_time .*with a zone, time without"),
        ({"label_time": date(2017, 1, 3)}, {"label_time": TIME}, "label_time .*: date, time"),
        ({}, {"x": "2"}, "column x of the spine holds values of several types: int, str"),
        ({"x": True}, {"x": "no"}, "column x .*: bool, str"),
        ({"x": True}, {"x": 2}, "column x .*: bool, int"),
        ({"x": 2**53 + 1}, {"x": 1.5}, "column x .*: float, int"),
    ],
)
def test_columns_of_incompatible_types(usual, odd, message, store):
    spine = frame(usual, odd)
    with pytest.raises(FeatureStoreError, match=message):
        store.get_historical_features(spine, FEATURES)


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ({}, {"x": 1.75}),
        ({}, {"x": 2**50}),
        ({}, {"x": np.int64(2)}),
        ({}, {"x": None}),
        ({"x": Decimal("1.5")}, {"x": Decimal("1234567.25")}),
        ({"x": "a"}, {"x": "b"}),
        ({"x": {"a": 1}}, {"x": {"a": 2}}),
        ({}, {"customer_id": 2**50}),
    ],
)
def test_no_value_is_changed(usual: dict[str, Any], odd: dict[str, Any], store: FeatureStore):
    given = frame(usual, odd)
    table = store.get_historical_features(given, FEATURES).to_arrow()
    for name in ("customer_id", "x"):
        assert table.column(name).to_pylist() == given[name].tolist()


def test_times_with_zones_of_their_own(store: FeatureStore):
    """A time is what it is in UTC, in whatever zone it is given."""
    tokyo = timezone(timedelta(hours=9))
    given = frame({"label_time": TIME.replace(tzinfo=UTC)}, {})
    given.loc[1, "label_time"] = (
        (TIME - timedelta(microseconds=1)).replace(tzinfo=UTC).astimezone(tokyo)
    )
    found = store.get_historical_features(given, FEATURES).to_arrow()
    assert found.column("orders_7d").to_pylist()[:3] == [12, 11, 12]


def test_what_needs_no_typing_stays_the_same():
    given = pd.DataFrame({"a": [1, 2], "t": [datetime(2017, 1, 1)] * 2})
    assert typed_frame(given) is given


def test_a_decimal_without_an_arrow_type_is_left_to_duckdb():
    values = pd.Series([Decimal("1.5"), Decimal("Infinity")], dtype=object)
    assert typed_frame(pd.DataFrame({"x": values})).x.tolist() == values.tolist()
