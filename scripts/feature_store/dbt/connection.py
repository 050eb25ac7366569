"""The warehouse as dbt opens it: with the databases, extensions and secrets of ``profiles.yml``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.profiles import Target, read_target, read_yaml
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import literal

if TYPE_CHECKING:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

#: What a target may have beside the warehouse's path.
_PARTS = ("attach", "extensions", "secrets", "settings", "use_credential_provider")
#: Settings that the commands choose for themselves.
_OWN_SETTINGS = ("timezone", "memory_limit", "max_memory", "threads", "worker_threads")


def connect_as_dbt(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the warehouse to read it, with all that events of the project may be read from.

    The session is in UTC, and attached DuckDB files are read-only. Relative paths are those of the
    project's folder.

    Raises:
        FeatureStoreError: the warehouse cannot be opened, or something that the target names
            cannot be loaded or attached.
    """
    connection = connect(settings.warehouse_path)
    try:
        # Where a view of dbt reads a file by a relative path, it is found here too.
        connection.execute(f"set file_search_path = {literal(str(settings.project_dir))}")
        project = read_yaml(settings.project_dir / "dbt_project.yml", "correct the file")
        target = read_target(project, settings.project_dir, settings.target)
        for what, statement in _statements(target, settings):
            try:
                connection.execute(statement)
            except duckdb.Error as error:
                raise FeatureStoreError(
                    f"{target.file}: target {target.name}: {what}: {first_line(error)}",
                    next_step="correct the target, or make it available",
                ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _statements(target: Target, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what is said of a part of the target, and its SQL: as dbt-duckdb runs it."""
    output = {part: target.nested(part) for part in _PARTS if target.output.get(part)}
    if _is_read_without_dbt(output):
        yield from _settings(output.get("settings", {}))
        return
    credentials = _credentials(target, output, settings)
    for one in credentials.extensions or []:
        name, source = (one, "") if isinstance(one, str) else (one["name"], f" from {one['repo']}")
        # One that is there is not asked of the network.
        yield f"extension {name}", f"install {name}{source}"
        yield f"extension {name}", f"load {name}"
    for number, statement in enumerate(credentials.secrets_sql(), 1):
        yield f"secret {number}", statement
    yield from _settings(credentials.settings or {})
    for database in credentials.attach or []:
        is_file = not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", database.path)
        if is_file:
            path = Path(os.path.expanduser(database.path))
            database.path = str(settings.project_dir / path)
        if is_file and not database.type and not database.options:
            database.read_only = True
        yield f"attach {database.alias or database.path}", database.to_sql()


def _is_read_without_dbt(output: Mapping[str, Any]) -> bool:
    """Return whether a target has nothing but settings, which dbt takes as they are.

    Most targets set a time zone at most, and the import of dbt takes longer than most queries.
    """
    found = output.get("settings", {})
    return (
        output.keys() <= {"settings"}
        and isinstance(found, dict)
        and all(isinstance(name, str) for name in found)
    )


def _settings(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if name.lower() not in _OWN_SETTINGS:
            yield f"setting {name}", f"set {name} = {literal(str(value))}"


def _credentials(target: Target, output: dict[str, Any], settings: Settings) -> DuckDBCredentials:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials  # takes a second

    try:
        own = {"path": str(settings.warehouse_path), "schema": target.text("schema", "main")}
        return DuckDBCredentials.from_dict({**own, **output})
    except Exception as error:  # dbt's own checks raise anything
        raise FeatureStoreError(
            f"{target.file}: target {target.name}: {', '.join(output)}: cannot be read as dbt "
            f"does: {type(error).__name__}",
            allowed="what dbt-duckdb describes for profiles.yml",
            next_step="correct the target; dbt debug says what is wrong",
        ) from error
