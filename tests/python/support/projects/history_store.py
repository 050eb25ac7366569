"""A tiny project with feature tables and snapshots of some days, to be joined point in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from feature_store import FeatureStore
from support.errors import message_of
from support.projects.compiled_project import compiled, write_project
from support.projects.tiny_store import TinyStore, View

PURCHASES = View(
    "purchases",
    {"customer_id": "bigint"},
    {"orders_7d": "bigint", "spend_7d": "decimal(18,2)"},
    version=1,
    latest_version=2,
)
PURCHASES_V2 = replace(PURCHASES, features={**PURCHASES.features, "is_new": "boolean"}, version=2)
AFFINITY = View("affinity", {"customer_id": "bigint", "shop": "varchar"}, {"share": "double"})
VIEWS = [PURCHASES, PURCHASES_V2, AFFINITY]
DAY = timedelta(days=1)
START = datetime(2017, 1, 1)

#: The join of which dbt and Python must make the same SQL.
JOIN = """{{ point_in_time_join(
    ref('labels'),
    [
        {'features': ref('purchases_v2'), 'entity': ['customer_id'],
         'select': ['spend_7d', 'orders_7d'], 'prefix': 'PREFIX_A', 'max_age': '28d'},
        {'features': ref('affinity_v1'), 'entity': ['customer_id', 'shop'], 'select': ['share'],
         'prefix': 'PREFIX_B'},
    ],
    time='"label_time"',
    mode='MODE',
) }}"""


class HistoryStore(TinyStore):
    """The project, with the macros of this one in its manifest.

    Attributes:
        compiled: the SQL that dbt makes of ``JOIN``, by mode.
    """

    compiled: dict[str, str]


def history_store(folders: pytest.TempPathFactory) -> HistoryStore:
    """Write the project, once; of customers 1 and 2, with a row a day from 2017-01-01 to 01-09."""
    return _written(folders.getbasetemp() / "history")


@cache
def _written(folder: Path) -> HistoryStore:
    models = {
        "as_recomputed": JOIN.replace("PREFIX_A", "").replace("PREFIX_B", ""),
        "as_served": JOIN.replace("PREFIX_A", "purchases_v2__")
        .replace("PREFIX_B", "affinity_v1__")
        .replace("_v2')", "_v2_served')")
        .replace("_v1')", "_v1_served')"),
    }
    models = {mode: join.replace("MODE", mode) for mode, join in models.items()}
    for name in ("labels", "purchases_v2", "affinity_v1"):
        models[name] = "select 1 as customer_id"
        models[f"{name}_served"] = "{{ config(alias='served_" + name + "') }} select 1 as a"
    write_project(folder / "macros_of", models, {})
    store = HistoryStore(folder / "project", VIEWS, project_name="feature_store")
    store.compiled = compiled(folder / "macros_of")
    made = json.loads((folder / "macros_of" / "target" / "manifest.json").read_text())
    with changed_manifest(store) as manifest:
        manifest["macros"] = made["macros"]
    fill(store)
    return store


@contextmanager
def changed_manifest(store: TinyStore) -> Iterator[dict[str, Any]]:
    """Give the content of the manifest to a ``with`` block, and write what it made of it."""
    path = store.folder / "target" / "manifest.json"
    manifest = json.loads(path.read_text())
    yield manifest
    path.write_text(json.dumps(manifest))


#: Of each table the values of the keys and of the features on day n of customer c.
_VALUES = [
    (PURCHASES, "c", "1, 1.5"),
    (PURCHASES_V2, "c", "10 * c + n, cast(n as decimal(18, 2)) / 4, n = 0"),
    (AFFINITY, "c, 'a|b'", "0.25 + n"),
    (AFFINITY, "c, 'b'", "0.5 + n"),
]


def fill(store: TinyStore) -> None:
    store.execute("create schema features")
    for view, keys, features in _VALUES:
        table = f"features.{view.name}_v{view.version}"
        kinds = {**view.entity, "feature_time": "timestamp", **view.features}
        listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        store.execute(f"create table if not exists {table} ({listed}, known_at timestamp)")
        time = f"timestamp '{START}' + to_days(n::int)"
        row = f"{keys}, {time}, {features}, null"
        days = "from range(1, 3) as r(c), range(9) as s(n)"
        store.execute(f"insert into {table} select {row} {days}")
        # What was served came an hour later; customer 2 was deleted after day 3.
        until = f"if(c = 1 and n = 8, null, {time} + interval 25 hours)"
        store.execute(
            f"insert into snapshots.{view.served_name} select {row}, {time} + interval 1 hour, "
            f"{until} {days} where c = 1 or n <= 3"
        )


@contextmanager
def opened(folder: Path) -> Iterator[FeatureStore]:
    """Open the feature store of a project as a notebook does."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR", "REDIS_URL"):
            patch.delenv(name, raising=False)
        with FeatureStore(project_dir=folder) as feature_store:
            yield feature_store


def labels() -> pd.DataFrame:
    """Return a spine of six rows: 1 µs before a row's time, at it, two alike, unknown, null."""
    second = START + 2 * DAY
    return pd.DataFrame(
        {
            "customer_id": pd.array([1, 1, 2, 2, 99, None], dtype="Int64"),
            "shop": ["a|b", "a|b", "b", "b", "b", None],
            "label_time": [second - timedelta(microseconds=1), *[second] * 3, second, second],
            "label": [True, False, True, True, False, None],
        }
    )


#: What ``purchases:spend_7d``, ``purchases:orders_7d`` and ``affinity:share`` are at the labels.
EXPECTED = [
    (Decimal("0.25"), 11, 1.25),
    (Decimal("0.50"), 12, 2.25),
    (Decimal("0.50"), 22, 2.5),
    (Decimal("0.50"), 22, 2.5),
    (None, None, None),
    (None, None, None),
]
FEATURES = ["purchases:spend_7d", "purchases:v2:orders_7d", "affinity:share"]
COLUMNS = ["spend_7d", "orders_7d", "share"]


def refused(store: FeatureStore, *arguments: Any, **options: Any) -> str:
    """Return the message with which a call is refused."""
    message = message_of(partial(store.get_historical_features, *arguments, **options))
    assert message
    assert "Traceback" not in message
    return message
