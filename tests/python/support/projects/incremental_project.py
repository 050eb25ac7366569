"""A dbt project whose feature views are incremental as this project's are, built by real dbt.

The views' configuration, hooks included, is this project's own, read from its `dbt_project.yml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from support.projects.dbt_project import DbtProject
from support.projects.feature_view_declarations import Declaration

Rows = list[tuple[Any, ...]]
_WINDOWED = "{{ windowed_features(ref('events'), feature_view()) }}"


class IncrementalProject(DbtProject):
    """The project, with feature views by name.

    A view has an enforced contract if there are types of its columns. ``events`` is the SQL of the
    model of the events, by default a view on the table raw_events.
    """

    def __init__(
        self,
        folder: Path,
        declarations: Mapping[str, Declaration],
        types: Mapping[str, Mapping[str, str]] | None = None,
        events: str = "select * from raw_events",
        threads: int = 1,
    ):
        super().__init__(folder)
        self.declarations = dict(declarations)
        self.write_settings(kept=("vars", "models", "on-run-start", "on-run-end"))
        self.write_profile(threads, duckdb_threads=2)
        self.copy("models/_groups.yml")
        self.write("models/events.sql", events)
        for name, declaration in self.declarations.items():
            self.write(f"models/features/{name}.sql", _WINDOWED)
            self.declare(name, declaration, (types or {}).get(name))

    def declare(
        self, name: str, declaration: Declaration, types: Mapping[str, str] | None = None
    ) -> None:
        """Write the properties of a view; without types it has no contract."""
        config: dict[str, Any] = {"meta": {"feature_view": declaration}}
        if types is None:
            config["contract"] = {"enforced": False}
        else:
            config["contract"] = {"enforced": True}
        columns = [{"name": column, "data_type": kind} for column, kind in (types or {}).items()]
        model = {"name": name, "config": config, "columns": columns}
        self.write(f"models/features/{name}.yml", {"models": [model]})
        self.declarations[name] = declaration

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse, while dbt does not use it."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("set timezone = 'UTC'")
            yield connection

    def tables(self) -> dict[str, Rows]:
        """Return all rows of the feature views and of the tables beside them."""
        with self.connected() as connection:
            tables: dict[str, Rows] = {}
            for view in self.declarations:
                tables |= built(connection, view)
            return tables


def digests(connection: duckdb.DuckDBPyConnection, view: str) -> tuple[Rows, ...]:
    """Return the number and a hash of the rows of a feature view and of the table beside it."""
    sql = "select count(*), bit_xor(md5_number(cast(t as varchar))) from {} as t"
    names = (f"features.{view}", f"operations.events_of_{view}")
    return tuple(connection.execute(sql.format(name)).fetchall() for name in names)


def built(connection: duckdb.DuckDBPyConnection, view: str) -> dict[str, Rows]:
    """Return the rows of a feature view and of the table beside it, in order, by table."""
    names = (f"features.{view}", f"operations.events_of_{view}")
    return {name: connection.execute(f"from {name} order by all").fetchall() for name in names}
