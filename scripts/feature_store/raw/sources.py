"""The source tables to load, as declared under ``sources:`` in the project's YAML files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from feature_store.errors import FeatureStoreError, declaration_error, near_names
from feature_store.profiles import read_yaml
from feature_store.raw.internal_names import FILE_TIMES, INTERNAL_COLUMNS, LOADED_FILES, REJECTS
from feature_store.raw.load_config import load_settings_of
from feature_store.warehouse.sql import identifier

_TYPE_TEXT = re.compile(r"[\w\s(),'\"\[\]]+")
_YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class RawTable:
    """One source table that the loader fills.

    Attributes:
        name: the source table's name, as ``--table`` takes it.
        path: a file or glob relative to the project, or ``package:<package>/<file or glob>``.
        format: csv, jsonl or parquet; None: by the file's name.
        event_time: the column that ``--start`` and ``--end`` apply to, or None.
        delimiter: between the fields of a CSV line, one character.
        null_values: unquoted CSV texts that stand for null, besides the empty field.
        columns: name to declared type, in declared order.
        undeclared: lower-case names of columns that are described but have no type.
        decimal: the decimal separator of CSV numbers, ``.`` or ``,``.
        time_format: the format of all times that are texts, or None.
        time_formats: columns with formats of their own.
    """

    source: str
    name: str
    schema: str
    identifier: str
    path: str
    format: str | None
    event_time: str | None
    delimiter: str
    null_values: tuple[str, ...]
    columns: dict[str, str]
    undeclared: frozenset[str]
    declared_in: str
    encoding: str = "utf-8"
    decimal: str = "."
    time_format: str | None = None
    time_formats: dict[str, str] = field(default_factory=dict)

    @property
    def relation(self) -> str:
        """The raw table's quoted name."""
        return identifier(self.schema, self.identifier)

    @property
    def declaration(self) -> str:
        """The place of the declaration, for errors."""
        return f"table {self.name} in {self.declared_in}"


def _yaml_files(project_dir: Path) -> Iterator[tuple[str, Any]]:
    """Yield name and content of the YAML files with sources in the model paths."""
    project = read_yaml(project_dir / "dbt_project.yml", "correct it")
    for folder in project.get("model-paths", ["models"]):
        for path in sorted((project_dir / folder).rglob("*.y*ml")):
            text = path.read_text(encoding="utf-8", errors="replace")
            if "sources:" not in text:
                continue
            name = path.relative_to(project_dir).as_posix()
            try:
                content = yaml.load(text, Loader=_YamlLoader)
            except (yaml.YAMLError, RecursionError) as error:
                mark = getattr(error, "problem_mark", None)
                place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
                said = getattr(error, "problem", None) or str(error).splitlines()[0]
                raise FeatureStoreError(
                    f"{name}{place}: not valid YAML: {said}",
                    next_step="correct it; dbt parse reads it too",
                ) from error
            if isinstance(content, dict) and content.get("sources"):
                yield name, content


def _named(parent: dict[str, Any], key: str, where: str) -> Iterator[dict[str, Any]]:
    """Yield the mappings of a YAML list; each must have a name."""
    items = parent.get(key) or []
    for item in items if isinstance(items, list) else [items]:
        if not isinstance(item, dict) or not item.get("name"):
            raise declaration_error(
                f"{where}: {key} holds {item!r}",
                f"under {key}: a list of mappings, each with a name",
            )
        yield item


def _columns(table: dict[str, Any], where: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return the typed columns and the lower-case names of those without a type."""
    typed: dict[str, str] = {}
    untyped: set[str] = set()
    for column in _named(table, "columns", where):
        name = str(column["name"])
        if name.lower() in INTERNAL_COLUMNS:
            continue
        if name.lower() in untyped | {other.lower() for other in typed}:
            raise FeatureStoreError(
                f"{where}: column {name!r} is declared twice", next_step="remove one of the two"
            )
        data_type = column.get("data_type")
        if data_type is None:
            untyped.add(name.lower())
            continue
        if not isinstance(data_type, str) or not _TYPE_TEXT.fullmatch(data_type):
            raise declaration_error(
                f"{where}: column {name!r} has the data_type {data_type!r}",
                "a type of the warehouse, for instance bigint, decimal(10, 2), timestamp",
            )
        typed[name] = data_type
    return typed, frozenset(untyped)


def _raw_name(source: dict[str, Any], table: dict[str, Any], where: str) -> tuple[str, str]:
    schema = str(source.get("schema") or source["name"])
    name = str(table.get("identifier") or table["name"])
    for text in (schema, name):
        if "{{" in text:
            raise declaration_error(
                f"{where}: {text!r} is a template",
                "a plain schema and table name; the loader runs without dbt",
            )
    if name.lower() in (REJECTS, LOADED_FILES, FILE_TIMES):
        raise FeatureStoreError(
            f"{where}: the loader itself keeps a table of the name {name}",
            next_step="give the table another identifier",
        )
    return schema, name


def _declaration(source: dict[str, Any], table: dict[str, Any], file: str) -> RawTable | None:
    """Return a table's declaration, or None where something else loads the table."""
    where = f"{file}: source {source.get('name')}, table {table.get('name')}"
    load = load_settings_of(table, where)
    if load is None:
        return None
    schema, raw_name = _raw_name(source, table, where)
    columns, undeclared = _columns(table, where)
    event_time, formats = load.get("event_time"), load.get("time_format")
    named = [("event_time", event_time)] if event_time is not None else []
    named += [("time_format", name) for name in formats] if isinstance(formats, dict) else []
    for key, name in named:
        if name not in columns:
            raise declaration_error(
                f"{where}: config.meta.load.{key} names {name!r}",
                f"a column declared with its data_type; {near_names(str(name), columns)}",
            )
    return RawTable(
        source=str(source["name"]),
        name=str(table["name"]),
        schema=schema,
        identifier=raw_name,
        path=load["path"],
        format=load.get("format"),
        event_time=event_time,
        delimiter=load.get("delimiter", ","),
        null_values=tuple(load.get("null_values", [])),
        columns=columns,
        undeclared=undeclared,
        declared_in=file,
        encoding=load.get("encoding", "utf-8"),
        decimal=load.get("decimal", "."),
        time_format=formats if isinstance(formats, str) else None,
        time_formats=formats if isinstance(formats, dict) else {},
    )


class NoDeclarationsError(FeatureStoreError):
    """The error for a project none of whose sources is loaded from files."""


def read_declarations(project_dir: Path) -> list[RawTable]:
    """Read all tables that have ``config.meta.load``, in the order of the YAML files."""
    found = [
        _declaration(source, table, file)
        for file, content in _yaml_files(project_dir)
        for source in _named(content, "sources", file)
        for table in _named(source, "tables", f"{file}: source {source['name']}")
    ]
    tables = [table for table in found if table is not None]
    if not tables:
        raise NoDeclarationsError(
            f"{project_dir}: no source table declares the path of its files",
            allowed="config.meta.load.path of a table under sources: in models/**/*.yml",
            next_step="declare one (feature-store, docs/operate/load_raw.md); where other tools "
            "fill the warehouse, there is nothing to load: run dbt build",
        )
    places: dict[str, RawTable] = {}
    for table in tables:
        other = places.setdefault(table.relation.lower(), table)
        if other is not table:
            raise FeatureStoreError(
                f"{table.declared_in}: {table.schema}.{table.identifier} is loaded twice, by "
                f"{other.source}.{other.name} and {table.source}.{table.name}",
                next_step="give one of them another identifier",
            )
    return tables


def select_tables(tables: list[RawTable], names: list[str]) -> list[RawTable]:
    """Return the named tables (``table`` or ``source.table``), or all if none is named."""
    if not names:
        return tables
    chosen: list[RawTable] = []
    for name in names:
        found = [t for t in tables if name in (t.name, f"{t.source}.{t.name}")]
        if not found:
            raise FeatureStoreError(
                f"--table {name}: no such table among the sources with config.meta.load",
                allowed=near_names(name, [t.name for t in tables]),
                next_step="name another table, or declare this one (feature-store, "
                "docs/operate/load_raw.md)",
            )
        chosen += [t for t in found if t not in chosen]
    return chosen
