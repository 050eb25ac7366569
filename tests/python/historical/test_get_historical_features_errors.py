"""Errors of ``get_historical_features``: wrong spines and arguments."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from feature_store import FeatureStore
from support.projects.history_store import FEATURES, START, labels, refused

pytestmark = pytest.mark.slow

ROW = {"customer_id": 1, "shop": "a", "label_time": START}


def frame(**changes: Any) -> pd.DataFrame:
    """Return a spine of one row, without the columns that are given as None."""
    row = {name: value for name, value in {**ROW, **changes}.items() if value is not None}
    return pd.DataFrame([row])


SPINES = {
    "no time": (frame(label_time=None), "time column label_time is missing; known names: customer"),
    "near time": (frame(label_time=None, label_tim=START), "near names: label_tim"),
    "text as time": (frame(label_time="2017-01-01"), "label_time is of type VARCHAR; a timestamp"),
    "number as time": (frame(label_time=1), "label_time is of type BIGINT; a timestamp"),
    "no key": (frame(shop=None), "key column shop is missing"),
    "key in the index": (frame().set_index("customer_id"), "key column customer_id is missing"),
    "two errors": (frame(shop=None, label_time=None), "2 errors\n  - time column label_time"),
    "text as key": (frame(customer_id="1"), "customer_id is of type VARCHAR; bigint is allowed"),
    "number as text": (frame(shop=1), "key column shop is of type BIGINT; varchar is allowed"),
    "fraction as key": (frame(customer_id=1.5), "or whole numbers below 2^53; got 1.5"),
    "large double": (frame(customer_id=2.0**53), "whole numbers below 2^53; got 9007199254740992"),
    "infinity": (frame(customer_id=float("-inf")), "whole numbers below 2^53; got -inf"),
    "own column": (frame(_spine_row=1), "_spine_row: names that begin with _spine_ are the join's"),
    "feature's name": (
        frame(share=1),
        "would occur twice in the result: share\nNext: pass full_feature_names",
    ),
    "other case": (frame(SHARE=1), "would occur twice in the result: share"),
    "column twice": (
        pd.DataFrame([[1, "a", START, 1, 2]], columns=[*ROW, "x", "x"]),
        "1 error\n  - column x occurs more than once",
    ),
    "column twice in Arrow": (
        pa.table([[1], ["a"], [START], [1], [2]], names=[*ROW, "x", "X"]),
        "column x occurs more than once",
    ),
    "nanoseconds": (
        frame(label_time=pd.Timestamp(START) + pd.Timedelta(1, "ns")),
        "label_time has parts of a microsecond; times rounded down to microseconds are allowed",
    ),
    "nanoseconds with a zone": (
        pa.table(
            {
                **{k: [v] for k, v in ROW.items()},
                "label_time": pa.array([1], pa.timestamp("ns", "UTC")),
            }
        ),
        "label_time has parts of a microsecond; times rounded down to microseconds are allowed",
    ),
    "list": ([ROW], "the spine is a list\nAllowed: a pandas or Arrow table"),
    "nothing": (None, "the spine is a NoneType"),
    "series": (pd.Series([1]), "the spine is a Series"),
    "read once": (pa.table({"a": [1]}).to_reader(), "the spine is a RecordBatchReader"),
    "no file": ("nowhere/labels.parquet", "nowhere/labels.parquet: there is no such file"),
    "no file there": ("nowhere/*.parquet", "the spine cannot be read: IO Error: No files found"),
    "kind of file": (Path("labels.xlsx"), "labels.xlsx: the kind of file is not known\nAllowed"),
    "empty text": ("", "the kind of file is not known"),
    "no SQL": ("select from where", "the spine cannot be read: Parser Error"),
    "no such table": ("select * from nowhere", "the spine cannot be read: Catalog Error"),
    "two statements": ("select 1; drop table x", "the spine cannot be read"),
}


@pytest.mark.parametrize("case", SPINES)
def test_bad_spines(case: str, store: FeatureStore):
    spine, message = SPINES[case]
    assert message in refused(store, spine, FEATURES)


def test_files_that_cannot_be_spines(store: FeatureStore, tmp_path: Path):
    (tmp_path / "broken.parquet").write_text("no Parquet")
    assert "the spine cannot be read" in refused(store, tmp_path / "broken.parquet", FEATURES)
    (tmp_path / "empty").mkdir()
    assert "the spine cannot be read" in refused(store, tmp_path / "empty", FEATURES)


@pytest.mark.parametrize(
    ("features", "options", "message"),
    [
        ([], {}, "no features are requested\nAllowed: a list of view:feature"),
        (["purchase:spend_7d"], {}, "no feature view 'purchase'\nAllowed: near names: purchases"),
        (
            ["purchases:spend"],
            {},
            "purchases:v2 has no feature 'spend'\nAllowed: near names: spend",
        ),
        (["purchases:v3"], {}, "has no version '3'\nAllowed: v1, v2"),
        (["purchases:v1:is_new"], {}, "purchases:v1 has no feature 'is_new'"),
        ("affinity:share", {}, "there is no feature service 'affinity:share'"),
        (FEATURES, {"mode": "as_of"}, "mode 'as_of' is not known\nAllowed: as_recomputed or as_se"),
        (FEATURES, {"max_age": "soon"}, "duration 'soon' cannot be read\nAllowed: a whole number "),
        (
            FEATURES,
            {"max_age": {"afinity": "1d"}},
            "of 'afinity' are requested\nAllowed: near names",
        ),
        (FEATURES, {"max_age": {"affinity": "1 day"}}, "duration '1 day'"),
        (FEATURES, {"max_age": timedelta(1)}, "max_age: datetime.timedelta(days=1) is not"),
    ],
)
def test_bad_arguments(features: Any, options: dict[str, Any], message: str, store: FeatureStore):
    assert message in refused(store, labels(), features, **options)
