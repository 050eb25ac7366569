"""A tiny project about customers, whose features the tests read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from feature_store import FeatureStore
from support.projects.tiny_store import TinyStore, View

PURCHASES = View(
    "customer_purchases",
    {"customer_id": "bigint"},
    {"orders_28d": "bigint", "spend_28d": "decimal(18,2)", "average_28d": "double"},
    version=1,
    latest_version=2,
)
PURCHASES_V2 = replace(PURCHASES, features={**PURCHASES.features, "is_new": "boolean"}, version=2)
PROFILE = View(
    "customer_profile",
    {"customer_id": "bigint"},
    {
        "name": "varchar",
        "born": "date",
        "seen_at": "timestamp",
        "points": "hugeint",
        "tags": "varchar[]",
    },
)
AFFINITY = View("affinity", {"customer_id": "bigint", "store": "varchar"}, {"share": "double"})
BIG = 2**100


def export_customers(folder: Path, redis_url: str) -> TinyStore:
    """Write the project, and export the features of its two customers."""
    store = TinyStore(folder, [PURCHASES, PURCHASES_V2, PROFILE, AFFINITY])
    store.serve(PURCHASES, [(1, 3, Decimal("10.50"), 3.5), (2, 0, None, None)])
    store.serve(PURCHASES_V2, [(1, 4, Decimal("99.90"), 0.1, True)])
    seen_at = datetime(2026, 1, 1, 12, 0, 0, 250000)
    store.serve(PROFILE, [(1, "Zoë", date(1990, 5, 4), seen_at, BIG, ["a", "b"])])
    store.serve(AFFINITY, [(1, "Süd|1", 0.25), (1, "Nord", 0.75)])
    store.export(redis_url)
    return store


@contextmanager
def open_feature_store(store: TinyStore, redis_url: str) -> Iterator[FeatureStore]:
    """Open the project's feature store as a notebook does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", redis_url)
        for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR", "FEATURE_STORE_PREFIX"):
            patch.delenv(name, raising=False)
        with FeatureStore(project_dir=store.folder) as opened:
            yield opened
