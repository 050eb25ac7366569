"""The files, profile and warehouse of a small dbt project that has this project's macros."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY


def own_settings() -> dict[str, Any]:
    """Return the `dbt_project.yml` of this project."""
    return yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())


def typed(columns: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the columns of a model or source in YAML, from their types by name."""
    return [{"name": name, "data_type": kind} for name, kind in columns.items()]


def served_snapshot(name: str, relation: str, unique_key: list[str]) -> dict[str, Any]:
    """Return the YAML file of a snapshot that keeps what was served, as this project's do."""
    config = {
        "strategy": "feature_store.exact_check",
        "check_cols": "all",
        "unique_key": unique_key,
        "hard_deletes": "invalidate",
    }
    return {"snapshots": [{"name": name, "relation": f"ref('{relation}')", "config": config}]}


def read_rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return a query's column names and rows, aware times as naive UTC."""
    cursor = connection.execute(sql, parameters or [])
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, map(_naive, row), strict=True)) for row in cursor.fetchall()]
    return names, rows


def _naive(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


class DbtProject:
    """A dbt project in a folder that is made here, with a warehouse file."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.warehouse = folder / "store.duckdb"
        shutil.copytree(REPOSITORY / "macros", folder / "macros")

    def write(self, name: str, content: object) -> None:
        """Write a file of the project: a text, or anything else as YAML."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str):
            content = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        path.write_text(content)

    def copy(self, *names: str) -> None:
        """Copy files of this project."""
        for name in names:
            self.write(name, (REPOSITORY / name).read_text())

    def write_settings(self, *, kept: tuple[str, ...] = (), **settings: Any) -> None:
        """Write `dbt_project.yml`, with the settings named in `kept` as in this project."""
        own = own_settings()
        self.write(
            "dbt_project.yml",
            {
                "name": "feature_store",  # as the macros call each other
                "profile": "test",
                "flags": {"send_anonymous_usage_stats": False, "version_check": False},
                **{name: own[name] for name in kept},
                **settings,
            },
        )

    def write_profile(self, threads: int = 1, duckdb_threads: int | None = None, **targets: Path):
        """Write `profiles.yml`: the target `test` on the warehouse, and more targets by name."""
        settings = {"TimeZone": "UTC"} | ({"threads": duckdb_threads} if duckdb_threads else {})
        outputs = {
            name: {"type": "duckdb", "path": str(path), "threads": threads, "settings": settings}
            for name, path in {"test": self.warehouse, **targets}.items()
        }
        self.write("profiles.yml", {"test": {"target": "test", "outputs": outputs}})

    def execute(self, sql: str) -> None:
        """Change something in the warehouse."""
        with connect(self.warehouse, read_only=False) as connection:
            connection.execute(sql)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the warehouse."""
        with connect(self.warehouse) as connection:
            return connection.execute(sql).fetchall()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query on the warehouse by column, aware times as naive UTC."""
        with connect(self.warehouse) as connection:
            return read_rows(connection, sql)[1]
