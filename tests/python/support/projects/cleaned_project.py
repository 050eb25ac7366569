"""A dbt project of the shop's own order lines, from raw to cleaned, on raw tables of a few rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import yaml

from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY
from support.projects.dbt_project import DbtProject, own_settings
from support.servers.dbt_process import DbtForker, dbt_forker

STAGING = "models/staging/complete_journey"
#: The files that are copied from this project.
FILES = [
    "models/_columns.md",
    f"{STAGING}/stg_complete_journey__order_lines.sql",
    f"{STAGING}/stg_complete_journey__products.sql",
    *(
        f"models/cleaned/{name}.sql"
        for name in (
            "products",
            "order_lines_received",
            "order_lines_checked",
            "order_lines",
            "rejected_order_lines",
        )
    ),
]
#: The cleaned tables that follow the raw order lines.
CLEANED = ("order_lines_checked", "order_lines", "rejected_order_lines")
STARTS_AT = datetime(2017, 6, 1)


class CleanedProject(DbtProject):
    """The project in a folder, with its warehouse, and dbt that runs on it."""

    dbt: DbtForker

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.copy(*FILES)
        models = own_settings()["models"]["feature_store"]
        kept = {name: models[name] for name in ("staging", "cleaned")}
        self.write_settings(
            kept=("on-run-start", "on-run-end"),
            vars={"as_of": None},
            models={"feature_store": kept},
        )
        # A database is named after its file, and definitions name it: both files have one name.
        self.write_profile(full=folder / "full/store.duckdb")
        for name in (f"{STAGING}/_complete_journey.yml", "models/cleaned/_cleaned.yml"):
            self.write(name, _without_tests(yaml.safe_load((REPOSITORY / name).read_text())))
        (folder / "full").mkdir()
        self.execute("create schema raw; create schema cleaned")
        columns = yaml.safe_load((REPOSITORY / STAGING / "_complete_journey.yml").read_text())
        for table in columns["sources"][0]["tables"]:
            if table["name"] in ("transactions", "products"):
                types = ", ".join(f"{c['name']} {c['data_type']}" for c in table["columns"])
                self.execute(f"create table raw.{table['name']} ({types})")

    def edit(self, name: str, old: str, new: str) -> None:
        """Change the text of a file, and let dbt read the project again."""
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))
        self.dbt.parse()

    def configure(self, model: str, **config: Any) -> None:
        """Change the config of a cleaned model, and let dbt read the project again."""
        name = "models/cleaned/_cleaned.yml"
        properties = yaml.safe_load((self.folder / name).read_text())
        (described,) = (found for found in properties["models"] if found["name"] == model)
        described["config"] |= config
        self.write(name, properties)
        self.dbt.parse()

    def cleaned(self, table: str, warehouse: Path | None = None) -> list[tuple[Any, ...]]:
        """Return a cleaned table, every column, in an order of its own."""
        with connect(warehouse or self.warehouse) as connection:
            return cleaned_rows(connection, table)

    def build(self, *arguments: str) -> str:
        """Run all models, which must work, and return what dbt says."""
        run = self.dbt.run("run", *arguments)
        assert run.code == 0, run.said
        return run.said

    def fully_built(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the cleaned tables as a full refresh of the same raw tables makes them."""
        copy = self.folder / "full" / "store.duckdb"
        self.execute("checkpoint")  # so that all of it is in the file
        shutil.rmtree(copy.parent)
        copy.parent.mkdir()
        shutil.copy(self.warehouse, copy)
        self.build("--target", "full", "--full-refresh")
        return {table: self.cleaned(table, copy) for table in CLEANED}

    def content(self, sql: str) -> str:
        """Return a hash of a query's rows, whatever their order."""
        rows = f"select string_agg(t::varchar, '\n' order by t::varchar) from ({sql}) as t"
        return self.query(f"select md5(({rows}))")[0][0]

    def full_sql(self, model: str) -> str:
        """Return the SQL that a full build of a cleaned model runs."""
        assert self.dbt.run("compile").code == 0
        folder = self.folder / "target/compiled/feature_store/models/cleaned"
        return (folder / f"{model}.sql").read_text()

    def built(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.cleaned(table) for table in CLEANED}


def cleaned_rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    """Return a cleaned table with the names of its columns in front."""
    cursor = connection.execute(f"from cleaned.{table} order by all")
    return [tuple(column[0] for column in cursor.description), *cursor.fetchall()]


def _without_tests(properties: dict[str, Any]) -> dict[str, Any]:
    """Return models and sources without tests, which need a package, and without those left out."""
    names = {Path(name).stem for name in FILES}
    properties.pop("unit_tests", None)
    models = [model for model in properties["models"] if model["name"] in names]
    tables = [table for source in properties.get("sources", []) for table in source["tables"]]
    for described in (*models, *tables):
        for part in (described, *described["columns"]):
            part.pop("data_tests", None)
    return properties | {"models": models}


@contextmanager
def cleaned_project(folder: Path) -> Iterator[CleanedProject]:
    """Make the project, with dbt ready to run, for the length of a ``with`` block."""
    project = CleanedProject(folder)
    with dbt_forker(folder) as project.dbt:
        yield project


def load_time(load: int) -> datetime:
    """Return when a load took place, by its number."""
    return STARTS_AT + timedelta(hours=load)
