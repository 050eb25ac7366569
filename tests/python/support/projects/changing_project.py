"""A small shop as a real dbt project, whose feature view and source change after it has served."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from feature_store import FeatureStore
from feature_store.online.export.options import ExportedView
from feature_store.online.export.run import export_features
from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.load_result import LoadResult
from feature_store.settings import load_settings
from support.paths import REPOSITORY
from support.projects.dbt_project import DbtProject, own_settings, served_snapshot, typed
from support.servers.dbt_process import DbtForker, Run, dbt_forker

SERVED = "snapshots.served_purchases_v1"
#: The view at first, and the types of its features.
DECLARATION: dict[str, Any] = {
    "entity": ["customer_id"],
    "event_time": "ordered_at",
    "grain": "1d",
    "windows": ["1d", "3d"],
    "aggregates": {
        "orders": {"sql": "count(*)"},
        "spend": {"sql": "sum(amount)", "empty": 0},
        "largest": {"sql": "max(quantity)", "windows": ["3d"]},
    },
    "online": {"ttl": "900d"},
}
FEATURES = {
    "orders_1d": "bigint",
    "orders_3d": "bigint",
    "spend_1d": "decimal(38,2)",
    "spend_3d": "decimal(38,2)",
    "largest_3d": "integer",
}
#: The columns of the source.
SOURCE = {
    "customer_id": "bigint",
    "quantity": "integer",
    "amount": "decimal(10,2)",
    "ordered_at": "timestamp",
}
_FIRST_FILE = [
    "1,2,1.50,2026-05-01 10:00:00",
    "1,7,2.25,2026-05-03 09:00:00",
    "2,3,4.00,2026-05-02 10:00:00",
    "3,1,9.99,2026-05-03 23:00:00",
]
_KEPT_ORDERS = {
    "name": "kept_orders",
    "relation": "ref('orders')",
    "config": {
        "strategy": "feature_store.exact_check",
        "check_cols": ["quantity"],
        "updated_at": "loaded_at",
        "unique_key": ["customer_id", "ordered_at"],
    },
}
_CLEANED = "select * from {{ ref('stg_shop__orders') }}"
_DIFFERENCES = (
    "{{ served_differences(ref('purchases', v=1), ref('served_purchases_v1'), ['customer_id'], "
    "'purchases:v1', source('operations', 'served_runs'), source('operations', 'view_builds')) }}"
)
_EXPOSURE = {
    "name": "churn",
    "type": "ml",
    "owner": {"name": "Somebody"},
    "depends_on": ["ref('purchases', v=1)"],
    "config": {"meta": {"features": ["purchases:orders_3d"]}},
}


class ChangingProject(DbtProject):
    """The project in a folder; change its attributes, then ``write_models()`` and ``build()``.

    Attributes:
        dbt: dbt that runs on the project.
        views: of each version of the view ``purchases``: the declaration, and its features' types.
        source: types of the source's columns by name.
    """

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.dbt: DbtForker
        self._kept = folder.with_name(f"{folder.name}_kept")
        self._is_read = True  # by dbt, as it is
        self.begin()

    def begin(self) -> None:
        """Set the attributes to what they are at first."""
        self.views = {1: (deepcopy(DECLARATION), dict(FEATURES))}
        self.source = dict(SOURCE)

    def create(self) -> None:
        """Write the whole project, with the settings of this one."""
        self.write("dbt_project.yml", own_settings() | {"profile": "test"})
        self.write_profile()
        self.copy("models/_groups.yml")
        names = ", ".join(SOURCE)
        self.write(
            "models/staging/stg_shop__orders.sql",
            f"select {names}, _loaded_at as loaded_at from {{{{ source('shop', 'orders') }}}}",
        )
        self.write("models/cleaned/orders.sql", _CLEANED)
        self.write("models/exposures.yml", {"exposures": [_EXPOSURE]})
        monitoring = yaml.safe_load((REPOSITORY / "models/monitoring/_monitoring.yml").read_text())
        self.write("models/monitoring/_sources.yml", {"sources": monitoring["sources"]})
        self.write("models/monitoring/served_differences.sql", _DIFFERENCES)
        self.write("snapshots/kept_orders.yml", {"snapshots": [_KEPT_ORDERS]})
        self.write_models()

    def keep(self) -> None:
        """Keep the project as it is by now, for :meth:`restore`."""
        for part in ("models", "snapshots", "data"):
            shutil.copytree(self.folder / part, self._kept / part)
        self.execute("checkpoint")
        shutil.copy(self.warehouse, self._kept)

    def restore(self) -> None:
        """Let the project be what was kept."""
        for part in ("models", "snapshots", "data"):
            shutil.rmtree(self.folder / part)
        self.warehouse.with_name(f"{self.warehouse.name}.wal").unlink(missing_ok=True)
        # With new times: dbt takes a file of an older time for the one that it knew then.
        shutil.copytree(self._kept, self.folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
        self.begin()
        self.dbt.parse()
        self._is_read = True

    def write(self, name: str, content: object) -> None:
        """Write a file of the project; dbt reads the project again before its next run."""
        self._is_read = False
        super().write(name, content)

    def write_models(self) -> None:
        """Write what the attributes say: the source, and each version of the view."""
        table = {
            "name": "orders",
            "config": {"meta": {"load": {"path": "data/*.csv", "event_time": "ordered_at"}}},
            "columns": typed(self.source),
        }
        source = {"name": "shop", "schema": "raw", "tables": [table]}
        self.write("models/staging/_sources.yml", {"sources": [source]})
        models: list[dict[str, Any]] = [{"name": "purchases", "latest_version": 1, "versions": []}]
        for version, (declaration, types) in self.views.items():
            config = {"meta": {"feature_view": declaration}, "contract": {"enforced": True}}
            keys = {"customer_id": "bigint", "feature_time": "timestamp"}
            columns = typed({**keys, **types, "known_at": "timestamp"})
            online = f"online_purchases_v{version}"
            models[0]["versions"].append({"v": version, "config": config, "columns": columns})
            models.append({"name": online, "config": config, "columns": columns})
            # A file each, as in this project: dbt overlooks a new one in a file that it knows.
            served = f"served_purchases_v{version}"
            snapshot = served_snapshot(served, online, ["customer_id"])
            self.write(f"snapshots/{served}.yml", snapshot)
            self.write(
                f"models/features/purchases_v{version}.sql",
                "{{ windowed_features(ref('orders'), feature_view()) }}",
            )
            self.write(
                f"models/online/{online}.sql",
                f"{{{{ online_features(ref('purchases', v={version}), ref('orders'), "
                "feature_view()) }}",
            )
        self.write("models/features/purchases.yml", {"models": models})

    def load(self, name: str, *rows: str, header: str = ",".join(SOURCE)) -> LoadResult:
        """Write a file of the source, and load what is new."""
        super().write(f"data/{name}", "\n".join([header, *rows]) + "\n")
        (result,) = load(load_settings("test", self.folder), LoadRequest())
        return result

    def run(self, *command: str) -> Run:
        """Run dbt to its end, however it ends; it reads the project's files if they changed."""
        if not self._is_read:
            self.dbt.parse()
        self._is_read = True
        return self.dbt.run(*command)

    def build(self, *options: str) -> str:
        """Run ``dbt build``, which must end well; return what it said."""
        done = self.run("build", *options)
        assert done.code == 0, done.said
        return done.said

    def refused(self, *command: str) -> str:
        """Run dbt, which must refuse; return what it said."""
        done = self.run(*command)
        assert done.code == 1, done.said
        return done.said

    def served(self, *features: str) -> dict[tuple[int, bool], tuple[Any, ...]]:
        """Return features of the snapshot's rows, by customer and whether it is a current row."""
        rows = self.rows(f"from {SERVED}")
        found = {
            (row["customer_id"], row["dbt_valid_to"] is None): tuple(row[name] for name in features)
            for row in rows
        }
        assert len(found) == len(rows)
        return found

    def as_served(self, features: list[str]) -> dict[str, list[Any]]:
        """Return features of the first customer as they were served, right after each run."""
        times = self.rows(f"select distinct dbt_valid_from as t from {SERVED} order by t")
        after = [row["t"] + timedelta(microseconds=1) for row in times]
        spine = ", ".join(f"(1, timestamp '{time}')" for time in after)
        query = f"select * from (values {spine}) as t(customer_id, label_time)"
        with self.opened() as store:
            joined = store.get_historical_features(query, features, mode="as_served").to_arrow()
        return {name: joined[name].to_pylist() for name in joined.column_names[2:]}

    def differences(self) -> set[tuple[Any, ...]]:
        """Return what served_differences says: customer, reason, and the features that differ."""
        return {
            (json.loads(row["entity"])["customer_id"], row["reason"], *row["changed_features"])
            for row in self.rows("from monitoring.served_differences")
        }

    def export(self, redis_url: str) -> list[ExportedView]:
        """Export to the online store, with its check of every entity."""
        settings = load_settings("test", self.folder)
        own = replace(settings, redis_url=redis_url, target_path=self.folder / "target")
        return export_features(own)

    @contextmanager
    def opened(self) -> Iterator[FeatureStore]:
        """Open the feature store as a notebook does."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR"):
                patch.delenv(name, raising=False)
            with FeatureStore(project_dir=self.folder) as store:
                yield store


@contextmanager
def changing_project(folder: Path) -> Iterator[ChangingProject]:
    """Write the project into a new folder, let it serve once, and keep that."""
    project = ChangingProject(folder)
    project.create()
    with dbt_forker(folder) as project.dbt:
        project.load("1.csv", *_FIRST_FILE)
        project.build()
        project.keep()
        yield project
