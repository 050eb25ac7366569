"""A small dbt project that serves two feature views in several runs, and what each run served."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY
from support.projects.compiled_project import dbt
from support.projects.dbt_project import DbtProject, served_snapshot

Key = tuple[Any, ...]
Row = dict[str, Any]
#: The views: their keys and declarations. One has a composite key, with text in it.
DECLARATIONS: dict[str, dict[str, Any]] = {
    "purchases": {
        "entity": ["customer_id"],
        "event_time": "ordered_at",
        "grain": "1d",
        "windows": ["1d", "3d"],
        "aggregates": {
            "orders": {"sql": "count(*)"},
            "spend": {"sql": "sum(amount)", "empty": 0},
            "largest": {"sql": "max(amount)"},
        },
        "online": {"ttl": "9d"},
    },
    "visits": {
        "entity": ["customer_id", "group"],  # a word of SQL: it needs quotes
        "event_time": "ordered_at",
        "grain": "1d",
        "windows": ["2d", "lifetime"],
        "aggregates": {
            "days": {"sql": "count(distinct ordered_at)"},
            "spend": {"sql": "sum(amount)"},
        },
        "online": {"ttl": "9d"},
    },
}
_DBT_COLUMNS = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")


@dataclass(frozen=True)
class ServedRun:
    """The rows of a view that a dbt run served, by key, read right after the run."""

    as_of: datetime
    rows: dict[Key, Row]
    known_at: datetime  # the latest load behind the feature table


class ServedRunsProject(DbtProject):
    """The project in a folder, with a warehouse file; ``runs`` is what was served, by view."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.runs: dict[str, list[ServedRun]] = defaultdict(list)
        self.redefined_before: dict[str, int] = dict.fromkeys(DECLARATIONS, 0)
        self.write_settings(
            kept=("on-run-start", "on-run-end"),
            vars={"as_of": None},
            models={"feature_store": {"features": {"+materialized": "table"}}},
        )
        self.write_profile()
        monitoring = yaml.safe_load((REPOSITORY / "models/monitoring/_monitoring.yml").read_text())
        self.write("models/sources.yml", {"sources": monitoring["sources"]})
        self.write("models/events.sql", "select * from raw_events")
        unions = []
        for name, declaration in DECLARATIONS.items():
            self.declare(name, declaration)
            online = f"online_features(ref('{name}'), ref('events'), feature_view())"
            self.write(f"models/features/{name}.sql", self.feature_sql())
            self.write(f"models/online/online_{name}.sql", f"{{{{ {online} }}}}")
            keys = [f'"{key}"' for key in declaration["entity"]]  # it is SQL
            served = served_snapshot(f"served_{name}", f"online_{name}", keys)
            self.write(f"snapshots/served_{name}.yml", served)
            unions.append(
                f"select * from ({{{{ served_differences(ref('{name}'), ref('served_{name}'), "
                f"{declaration['entity']}, '{name}:v1', source('operations', 'served_runs'), "
                "source('operations', 'view_builds')) }})"
            )
        self.write("models/monitoring/served_differences.sql", "\nunion all\n".join(unions))
        self.copy("models/monitoring/served_differences_summary.sql")

    @staticmethod
    def feature_sql() -> str:
        """Return the one line of a feature view's file."""
        return "{{ windowed_features(ref('events'), feature_view()) }}"

    def declare(self, name: str, declaration: dict[str, Any]) -> None:
        """Write the declaration of a view, of its feature table and its online view."""
        config = {"meta": {"feature_view": declaration}}
        models = [{"name": model, "config": config} for model in (name, f"online_{name}")]
        self.write(f"models/{name}.yml", {"models": models})

    def redefine(self, name: str, declaration: dict[str, Any]) -> None:
        """Change a view's definition; the runs until now served another one."""
        self.declare(name, declaration)
        self.redefined_before[name] = len(self.runs[name])

    def load(self, events: Iterable[tuple[Any, ...]]) -> None:
        """Add raw events: customer, group, time, amount, time of the load."""
        with connect(self.warehouse, read_only=False) as connection:
            connection.execute(
                'create table if not exists raw_events (customer_id bigint, "group" varchar, '
                "ordered_at timestamp, amount decimal(10, 2), loaded_at timestamp)"
            )
            connection.executemany(
                "insert into raw_events values (?, ?, ?, ?, ?)", [list(event) for event in events]
            )

    def serve(
        self,
        as_of: datetime | None,
        *command: str,
        expected: datetime | None = None,
        views: Iterable[str] = tuple(DECLARATIONS),
        succeeds: bool = True,
    ) -> None:
        """Run dbt, and record what it served.

        Args:
            as_of: the var; None leaves it out.
            command: dbt's arguments, ``build`` if there are none.
            expected: the as_of that the views are served for, by default the var.
            views: the views that the run serves.
            succeeds: whether dbt ends well.
        """
        given = ["--vars", json.dumps({"as_of": str(as_of)})] if as_of else []
        run = dbt(self.folder, *(command or ("build",)), *given)
        assert (run.returncode == 0) == succeeds, run.stdout + run.stderr
        time = expected or as_of
        assert time
        for name in views:
            current = self.rows(f"select * from served_{name} where dbt_valid_to is null")
            (latest,) = self.rows(f"select max(known_at) as known_at from {name}")
            keys = DECLARATIONS[name]["entity"]
            by_key = {tuple(row[key] for key in keys): row for row in current}
            self.runs[name].append(ServedRun(time, by_key, latest["known_at"]))

    def differences(self) -> list[Row]:
        sql = "select * exclude (first_served_at, last_served_at) from served_differences"
        return sorted(self.rows(sql), key=repr)

    def expected_differences(self) -> list[Row]:
        """Return the rows that the model should have: every entity of every run is compared."""
        return sorted((row for name in DECLARATIONS for row in self._expected(name)), key=repr)

    def _expected(self, name: str) -> Iterable[Row]:
        keys = DECLARATIONS[name]["entity"]
        table = self.rows(f"select * from {name}")
        found: dict[tuple[Any, ...], Row] = {}
        for number, run in enumerate(self.runs[name]):
            today: dict[Key, Row] = {}
            for row in sorted(table, key=lambda row: row["feature_time"]):
                if row["feature_time"] <= run.as_of:
                    today[tuple(row[key] for key in keys)] = row
            for key in {*run.rows, *today}:
                served, recomputed = run.rows.get(key, {}), today.get(key, {})
                names = {*served, *recomputed} - {"known_at", *_DBT_COLUMNS}
                changed = sorted(n for n in names if served.get(n) != recomputed.get(n))
                if not changed:
                    continue
                if number < self.redefined_before[name]:
                    reason = "changed_definition"
                elif recomputed and recomputed["known_at"] > run.known_at:
                    reason = "late_data"
                else:
                    reason = "other_change"
                entity = dict(zip(keys, key, strict=True))
                first = {
                    "feature_view": f"{name}:v1",
                    "entity": json.dumps(entity, separators=(",", ":")),
                    "reason": reason,
                    "changed_features": changed if served and recomputed else [],
                    "served_feature_time": served.get("feature_time"),
                    "recomputed_feature_time": recomputed.get("feature_time"),
                    "served_known_at": served.get("known_at"),
                    "recomputed_known_at": recomputed.get("known_at"),
                    "runs": 0,
                    "first_as_of": run.as_of,
                    "last_as_of": run.as_of,
                }
                times = served.get("dbt_valid_from"), recomputed.get("feature_time")
                row = found.setdefault((key, reason, *times), first)
                row["runs"] += 1
                row["first_as_of"] = min(row["first_as_of"], run.as_of)
                row["last_as_of"] = max(row["last_as_of"], run.as_of)
        return found.values()
