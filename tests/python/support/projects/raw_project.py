"""A tiny dbt project with sources, for the tests of the loader."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import yaml

from feature_store.errors import FeatureStoreError
from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.load_result import LoadResult
from feature_store.settings import load_settings
from support.paths import SCRIPTS
from support.processes import environment_without, run_python

ORDERS = {"id": "bigint", "amount": "decimal(10, 2)", "note": "varchar", "sold_at": "timestamp"}
HEADER = "id,amount,note,sold_at\n"
#: Two well-formed rows of the table orders.
GOOD = "1,1.50,x,2017-01-01\n2,2,y,2017-01-02\n"


class RawProject:
    """A project folder whose tables are loaded from files next to it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.warehouse = folder / "w.duckdb"
        self._tables: dict[str, dict[str, Any]] = {}
        profile = {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": "w.duckdb"}}}
        self.write("dbt_project.yml", "name: tiny\nprofile: tiny\n")
        self.write("profiles.yml", yaml.safe_dump({"tiny": profile}))

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_packed(self, name: str, content: str | bytes) -> Path:
        """Write a file, gzipped if its name ends in .gz."""
        raw = content.encode() if isinstance(content, str) else content
        return self.write(name, gzip.compress(raw) if name.endswith(".gz") else raw)

    def write_parquet(self, name: str, query: str, options: str = "") -> None:
        """Write the rows of a query to a Parquet file."""
        duckdb.sql(f"copy ({query}) to '{self.folder / name}' (format parquet{options})")

    def declare(
        self,
        path: str,
        columns: dict[str, str] = ORDERS,
        *,
        table: str = "orders",
        **load_settings: Any,
    ) -> None:
        """Declare a table (again); its columns are ``ORDERS`` by default."""
        self._tables[table] = {
            "name": table,
            "config": {"meta": {"load": {"path": path, **load_settings}}},
            "columns": [{"name": name, "data_type": kind} for name, kind in columns.items()],
        }
        source = {"name": "shop", "schema": "raw", "tables": list(self._tables.values())}
        self.write("models/x/_sources.yml", yaml.safe_dump({"sources": [source]}))

    def give(
        self, name: str, content: str | bytes, columns: dict[str, str] = ORDERS, **settings: Any
    ) -> None:
        """Write a file, gzipped if its name ends in .gz, and declare a table of it."""
        self.write_packed(name, content)
        self.declare(name, columns, **settings)

    def execute(self, sql: str, parameters: list[Any] | None = None) -> None:
        """Change something in the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(sql, parameters)

    def run(self, **request: Any) -> list[LoadResult]:
        return load(load_settings(project_dir=self.folder), LoadRequest(**request))

    def load(self, **request: Any) -> LoadResult:
        """Load one table without an error."""
        (result,) = self.run(**request)
        if result.error:
            raise result.error
        return result

    def fail(self, **request: Any) -> FeatureStoreError:
        """Load one table, which must fail and change nothing; return the error."""
        before = self.dump()
        (result,) = self.run(**request)
        assert result.error is not None
        assert self.dump() == before
        return result.error

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(sql).fetchall()

    def rows(self, columns: str = "*", table: str = "orders") -> list[tuple[Any, ...]]:
        """Return the raw rows, in order."""
        return self.query(f"select {columns} from raw.{table} order by all")

    def values(self, column: str) -> list[Any]:
        """Return one column of the raw rows, in the order of the ids."""
        return [row[0] for row in self.query(f'select "{column}" from raw.orders order by id')]

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows of every table of the warehouse."""
        if not self.warehouse.exists():
            return {}
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            tables = connection.execute("select schema_name, table_name from duckdb_tables()")
            return {
                f"{schema}.{name}": connection.execute(
                    f'from "{schema}"."{name}" order by all'
                ).fetchall()
                for schema, name in tables.fetchall()
            }

    def command(
        self, *arguments: str, script: str = "load_raw.py"
    ) -> subprocess.CompletedProcess[str]:
        """Run a script in the project's folder."""
        return run_python(SCRIPTS / script, *arguments, cwd=self.folder, env=clean_environment())


def clean_environment() -> dict[str, str]:
    """Return the environment without the variables that choose another project."""
    return environment_without("FEATURE_STORE_", "DBT_", "COLUMNS")
