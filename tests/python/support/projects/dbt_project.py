"""The files, profile and warehouse of a small dbt project that has this project's macros."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY


def own_settings() -> dict[str, Any]:
    """Return the `dbt_project.yml` of this project."""
    return yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())


class DbtProject:
    """A dbt project in a folder, with a warehouse file.

    Attributes:
        folder: the project's folder, made here.
        warehouse: its DuckDB file.
    """

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
