"""The DuckDB file of a replay, with a record of the intervals that were completed in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

from feature_store.errors import FeatureStoreError
from feature_store.pipeline.time_of_run import last_served
from feature_store.profiles import check_warehouse_file, project_schemas, read_target, read_yaml
from feature_store.raw.column_mapping import canonical_types
from feature_store.raw.conversions.time_formats import event_time_of
from feature_store.raw.sources import RawTable
from feature_store.settings import Settings, load_settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import count_of, identifier, rows_of

#: The intervals that were loaded and built completely. Feature tables and snapshots do not show it:
#: an interval may hold no row, and a project may serve nothing.
_RECORD = "replayed_intervals"


@dataclass(frozen=True)
class Interval:
    """A half-open interval of event time, naive UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M}"


class ReplayWarehouse:
    """A DuckDB file that a replay fills, beside the one of the project's target."""

    def __init__(self, target: str | None, path: Path):
        project = load_settings(target)
        self._project = read_yaml(project.project_dir / "dbt_project.yml", "correct it")
        path = check_warehouse_file(
            path,
            f"--warehouse {path}",
            "name another file, such as target/replay/feature_store.duckdb",
            [*project_schemas(self._project)],
        )
        if path.resolve() == project.warehouse_path.resolve():
            raise FeatureStoreError(
                f"--warehouse {path}: is the warehouse of target {project.target}",
                allowed="a file of its own",
                next_step="name another file, such as target/replay/feature_store.duckdb",
            )
        #: dbt's artifacts, its log, and the profiles.yml that names the file.
        self.folder = path.with_name(path.name + ".dbt")
        self.settings: Settings = replace(project, warehouse_path=path, target_path=self.folder)

    @property
    def _record(self) -> str:
        return identifier(self.settings.operations_schema, _RECORD)

    def prepare(self, *, fresh: bool) -> None:
        """Create the file and its dbt profile, or keep those of an earlier replay.

        With ``fresh`` those of an earlier replay are removed first.
        """
        path = self.settings.warehouse_path
        if path.exists():
            with connect(path) as connection:
                is_ours = self._recorded(connection) is not None
                tables = count_of(connection, "select count(*) from duckdb_tables()")
            if tables and not is_ours:
                raise FeatureStoreError(
                    f"{path}: was not made by a replay",
                    allowed="a file that is not there yet, or that an earlier replay made",
                    next_step="name another --warehouse, or remove this one",
                )
        if fresh:
            path.unlink(missing_ok=True)
            path.with_name(path.name + ".wal").unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        self._write_profiles()
        with self._writing() as connection:
            schema = identifier(self.settings.operations_schema)
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(
                f"create table if not exists {self._record} (interval_start timestamp, "
                "interval_end timestamp, load_seconds double, build_seconds double, "
                "primary key (interval_start, interval_end))"
            )

    def _write_profiles(self) -> None:
        """Write the target's profile with another path, and its env_var() calls as they are."""
        target = read_target(self._project, self.settings.project_dir, self.settings.target)
        output = {**target.output, "path": str(self.settings.warehouse_path)}
        profile = {"target": target.name, "outputs": {target.name: output}}
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "profiles.yml").write_text(yaml.safe_dump({target.profile: profile}))

    def pending(self, intervals: list[Interval], tables: list[RawTable]) -> list[Interval]:
        """Return the intervals that no earlier replay has completed."""
        with connect(self.settings.warehouse_path) as connection:
            done = self._recorded(connection) or set()
            pending = [interval for interval in intervals if interval not in done]
            if pending:
                self._check_nothing_later(connection, pending[0], tables)
        return pending

    def _check_nothing_later(
        self, connection: duckdb.DuckDBPyConnection, first: Interval, tables: list[RawTable]
    ) -> None:
        later = []
        for table in tables:
            raw = identifier(table.schema, table.identifier)
            name = str(table.event_time)
            kind = canonical_types(connection, table)[name]
            time = f"cast({event_time_of(table, identifier(name), kind)} as timestamp)"
            try:
                [(latest,)] = rows_of(connection, f"select max({time}) from {raw}")
            except duckdb.CatalogException:  # not loaded yet
                continue
            if latest and latest >= first.end:
                later.append(f"{raw} up to {latest:%Y-%m-%d %H:%M:%S}")
        served = max(
            (time for _, time in last_served(connection, self.settings.operations_schema)),
            default=None,
        )
        if served and served > first.end:
            later.append(f"features served as of {served:%Y-%m-%d %H:%M:%S}")
        if later:
            raise FeatureStoreError(
                f"{self.settings.warehouse_path}: holds later data than {first}: "
                + "; ".join(later),
                allowed="intervals in their order, each after what is there",
                next_step="start anew with --fresh, or name another --warehouse",
            )

    def record(self, interval: Interval, load_seconds: float, build_seconds: float) -> None:
        """Record that an interval was loaded and built completely."""
        with self._writing() as connection:
            connection.execute(
                f"insert or replace into {self._record} values (?, ?, ?, ?)",
                [interval.start, interval.end, load_seconds, build_seconds],
            )

    @contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with connect(self.settings.warehouse_path, read_only=False) as connection:
            connection.begin()
            yield connection
            connection.commit()

    def _recorded(self, connection: duckdb.DuckDBPyConnection) -> set[Interval] | None:
        """Return the recorded intervals; None where no replay has made the warehouse."""
        try:
            rows = rows_of(connection, f"select interval_start, interval_end from {self._record}")
        except (duckdb.CatalogException, duckdb.BinderException):
            return None
        return {Interval(*row) for row in rows}
