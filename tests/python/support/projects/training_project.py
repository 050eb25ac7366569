"""A small dbt project with feature views, labels and a feature service, for training sets."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet

from feature_store import FeatureStore
from feature_store.training.build import TrainingSetRequest, build_training_set
from feature_store.training.verify import Verification, verify_training_set
from feature_store.training.write import TrainingSetSummary
from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY
from support.projects.compiled_project import dbt
from support.projects.dbt_project import DbtProject
from support.projects.history_store import opened
from support.servers.redis_server import run_script, script_environment

START, DAY = datetime(2024, 1, 1), timedelta(days=1)
LABELS = START + 40 * DAY  # the first label time; each day until the 79th has some
LOADED_AT = datetime(2024, 6, 1)
SHOPS = ["north", "it's", "a|b", 'new\nline "x", y']
SERVICE = ["purchases:v2:orders_3d", "purchases:v2:spend_9d", "visits:v1:orders_lifetime"]
FEATURES = [reference.rpartition(":")[2] for reference in SERVICE]
COLUMNS = ["customer_id", "shop", "label_time", "is_churned"]
Rows = list[tuple[Any, ...]]
_PURCHASES = {
    "entity": ["customer_id"],
    "event_time": "ordered_at",
    "grain": "1d",
    "windows": ["3d", "9d"],
    "aggregates": {"orders": {"sql": "count(*)"}, "spend": {"sql": "sum(amount)", "empty": 0}},
    "online": {"ttl": "9d"},
}
_VISITS = {
    "entity": ["customer_id", "shop"],
    "event_time": "ordered_at",
    "grain": "1d",
    "windows": ["lifetime"],
    "aggregates": {"orders": {"sql": "count(*)"}},
}
_WINDOWED = "{{ windowed_features(ref('events'), feature_view()) }}"
_FILES: dict[str, Any] = {
    "models/events.sql": "select * from raw_orders",
    "models/labels/churners.sql": "-- The labels as they were given.\nselect * from raw_labels",
    "models/features/purchases_v1.sql": _WINDOWED,
    "models/features/purchases_v2.sql": _WINDOWED,
    "models/features/visits.sql": _WINDOWED,
    "models/online/online_purchases_v2.sql": "{{ online_features(ref('purchases', v=2), "
    "ref('events'), feature_view()) }}",
    "snapshots/served_purchases_v2.yml": """
snapshots:
  - name: served_purchases_v2
    relation: ref('online_purchases_v2')
    config:
      {strategy: check, check_cols: all, unique_key: [customer_id], hard_deletes: invalidate}
""",
    "models/exposures.yml": """
exposures:
  - name: churn
    type: ml
    owner: {name: Somebody}
    depends_on: ["ref('purchases', v=2)", ref('visits')]
    config:
      meta: {features: ["purchases:orders_3d", "purchases:spend_9d", "visits:orders_lifetime"]}
""",
}


def _columns(keys: Mapping[str, str], features: Mapping[str, str]) -> list[dict[str, str]]:
    columns = {**keys, "feature_time": "timestamp", **features, "known_at": "timestamp"}
    return [{"name": name, "data_type": kind} for name, kind in columns.items()]


def _properties() -> dict[str, Any]:
    purchases = {
        f"{name}_{window}": kind
        for name, kind in (("orders", "bigint"), ("spend", "decimal(38,2)"))
        for window in ("3d", "9d")
    }
    meta = {"meta": {"feature_view": _PURCHASES}}
    models = [
        {
            "name": "purchases",
            "latest_version": 2,
            "config": meta,
            "columns": _columns({"customer_id": "bigint"}, purchases),
            "versions": [{"v": 1, "deprecation_date": "2020-01-01"}, {"v": 2}],
            "data_tests": [{"not_null": {"arguments": {"column_name": "customer_id"}}}],
        },
        {
            "name": "visits",
            "config": {"meta": {"feature_view": _VISITS}},
            "columns": _columns(
                {"customer_id": "bigint", "shop": "varchar"}, {"orders_lifetime": "bigint"}
            ),
        },
        {"name": "online_purchases_v2", "config": meta},
        {"name": "churners", "description": "One row per customer and day: no order in the next."},
    ]
    return {"models": models}


class TrainingProject(DbtProject):
    """The project in a folder, with a warehouse file that dbt has built."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.warehouse = folder / "store.duckdb"
        self.manifest = folder / "target" / "manifest.json"

    @property
    def environment(self) -> dict[str, str]:
        return script_environment(
            FEATURE_STORE_PROJECT_DIR=str(self.folder),
            DBT_TARGET=None,
            DBT_TARGET_PATH=None,
            DBT_PROFILES_DIR=None,
        )

    def copy(self, folder: Path) -> TrainingProject:
        shutil.copytree(self.folder, folder)
        return TrainingProject(folder)

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_script("build_training_set.py", *arguments, environment=self.environment)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.warehouse) as connection:
            return connection.execute(sql).fetchall()

    def change_manifest(self, change: Mapping[str, Any], node: str) -> None:
        """Let a node of the manifest have other values, as after an edit and ``dbt parse``."""
        manifest = json.loads(self.manifest.read_text())
        manifest["nodes"][node] |= change
        self.manifest.write_text(json.dumps(manifest))

    def node(self, unique_id: str) -> dict[str, Any]:
        return json.loads(self.manifest.read_text())["nodes"][unique_id]

    def opened(self) -> AbstractContextManager[FeatureStore]:
        return opened(self.folder)

    def build(self, out: Path, labels: str = "churners", **options: Any) -> TrainingSetSummary:
        with self.opened() as store:
            request = TrainingSetRequest(**{"features": "churn", "labels": labels} | options)
            return build_training_set(store, request, out)

    def verify(self, folder: Path) -> Verification:
        with self.opened() as store:
            return verify_training_set(store, folder)


def joined_labels(project: TrainingProject) -> Rows:
    """Return the labels with their features, as ``get_historical_features`` gives them."""
    with project.opened() as store:
        result = store.get_historical_features("select * from churners", "churn").to_arrow()
    assert result.column_names == [*COLUMNS, *FEATURES]
    return list(zip(*(column.to_pylist() for column in result.columns), strict=True))


def files(folder: Path) -> dict[str, Rows]:
    """Return the rows of each file of a training set, read by Arrow and not by DuckDB."""
    found = {}
    for path in folder.rglob("*.parquet"):
        table = pyarrow.parquet.ParquetFile(path).read()
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        found[str(path.relative_to(folder))] = list(rows)
    return found


def metadata(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metadata.json").read_text())


def make_training_project(folder: Path) -> TrainingProject:
    project = TrainingProject(folder)
    hooks = ("on-run-start", "on-run-end")
    models = {"feature_store": {"+materialized": "table"}}
    project.write_settings(kept=("flags", *hooks), vars={"as_of": None}, models=models)
    project.write_profile(test=Path(project.warehouse.name))
    for name, content in {"models/properties.yml": _properties(), **_FILES}.items():
        project.write(name, content)
    shutil.copytree(REPOSITORY / "macros", folder / "macros")
    _load(project)
    run = dbt(folder, "build")
    assert run.returncode == 0, run.stdout + run.stderr
    return project


def _load(project: TrainingProject) -> None:
    """Write orders and labels; of the labels two are alike, and one has no key."""
    rng = random.Random(7)

    def key_and_time(customers: int, first: datetime, days: int) -> list[Any]:
        customer, shop = rng.randrange(1, customers + 1), rng.choice(SHOPS)
        return [customer, shop, first + timedelta(minutes=rng.randrange(days * 1440))]

    orders = [
        [*key_and_time(20, START, 80), rng.randrange(10_000) / 100, LOADED_AT] for _ in range(400)
    ]
    labels = [[*key_and_time(21, LABELS, 40), rng.random() < 0.3] for _ in range(300)]
    labels += [labels[5], [None, "north", LABELS, True]]
    with connect(project.warehouse, read_only=False) as connection:
        connection.execute(
            "create table raw_orders (customer_id bigint, shop varchar, ordered_at timestamp, "
            "amount decimal(10, 2), loaded_at timestamp)"
        )
        connection.executemany("insert into raw_orders values (?, ?, ?, ?, ?)", orders)
        connection.execute(
            "create table raw_labels (customer_id bigint, shop varchar, label_time timestamp, "
            "is_churned boolean)"
        )
        connection.executemany("insert into raw_labels values (?, ?, ?, ?)", labels)
