"""The result of a point-in-time join, computed when it is converted or written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from feature_store.dbt.connection import connect_as_dbt
from feature_store.dbt.macros import ProjectMacros
from feature_store.errors import FeatureStoreError
from feature_store.historical.chunks import (
    chunks,
    enough_memory,
    memory_limit,
    memory_setting,
    rows_of_a_chunk,
    spool,
)
from feature_store.historical.exact_parquet import NOT_HELD, parquet_query
from feature_store.historical.join import Join
from feature_store.historical.progress import query_progress
from feature_store.historical.spine import Spine, open_spine
from feature_store.settings import Settings
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import count_of, duckdb_path, literal

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from feature_store.historical.spine import SpineSource

Result = TypeVar("Result")
#: Rows of a batch of :meth:`HistoricalFeatures.to_batches`.
_BATCH_ROWS = 100_000


class HistoricalFeatures:
    """The rows of a spine with the features as they stood at each row's time.

    Rows are those of the spine, in its order; columns are the spine's, then the features. The join
    runs when one of the ``to_`` methods is called; each of them opens the warehouse and closes it.

    Attributes:
        sql: the query, for people to read; the spine is called ``_given_spine`` in it.
        time: the spine's time column.
        spine_columns: the spine's columns with their SQL types.
        join: the joined features, and the options of the join.
    """

    def __init__(
        self,
        settings: Settings,
        macros: ProjectMacros,
        source: SpineSource,
        time: str,
        join: Join,
        *,
        progress: bool | None = None,
    ):
        self._settings = settings
        self._macros = macros
        self._source = source
        self.time = time
        self.join = join
        self._progress = progress
        self.sql: str = join.sql(macros, time)
        with self._opened() as (_, spine):  # A wrong spine is an error at once.
            self.spine_columns = spine.columns

    @contextmanager
    def _opened(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Spine]]:
        connection = connect_as_dbt(self._settings)
        # The limit applies to all connections of this process to the warehouse.
        before = memory_setting(connection)
        try:
            self._limit_memory(connection)
            spine = open_spine(
                connection,
                self._source,
                self.time,
                [joined.view for joined in self.join.views],
                self._macros,
            )
            self.join.check_names([*spine.columns])
            yield connection, spine
        except duckdb.OutOfMemoryException as error:
            raise FeatureStoreError(
                f"{self._settings.memory_limit} of memory are not enough for this join: "
                f"{first_line(error)}",
                next_step="set FEATURE_STORE_MEMORY_LIMIT to more, such as 8GB",
            ) from error
        except duckdb.CatalogException as error:
            raise FeatureStoreError(
                f"{self._settings.warehouse_path}: {first_line(error)}", next_step="run dbt build"
            ) from error
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            # Errors that the queries themselves raise.
            for own, problem in (("point_in_time_join: ", "joined"), (NOT_HELD, "written")):
                if own in str(error):
                    told = str(error).partition(own)[2]
                    raise FeatureStoreError(f"the features cannot be {problem}: {told}") from error
            raise FeatureStoreError(
                f"the features cannot be joined: {first_line(error)}",
                allowed="a spine that can be read, and feature tables as dbt describes them",
                next_step="check the spine; if a feature view was changed, run dbt build",
            ) from error
        finally:
            with suppress(duckdb.Error):
                connection.execute(f"set memory_limit = {literal(before)}")
            connection.close()

    def _limit_memory(self, connection: duckdb.DuckDBPyConnection) -> None:
        limit = self._settings.memory_limit
        try:
            connection.execute(f"set memory_limit = {literal(limit)}")
        except duckdb.Error as error:
            raise FeatureStoreError(
                f"FEATURE_STORE_MEMORY_LIMIT: {limit!r} is not an amount of memory",
                allowed="a number and MB or GB, such as 2GB",
                next_step="correct it, or unset it",
            ) from error

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table; decimals and integers of 128 bit stay exact."""
        import pyarrow as pa

        with self._chunks() as chunks:
            return pa.concat_tables(
                self._run(connection, lambda c: c.sql(self.sql).to_arrow_table())
                for connection in chunks
            )

    def to_pandas(self) -> pd.DataFrame:
        """Return a DataFrame; decimals and integers of 128 bit become float64."""
        import pandas as pd

        with self._chunks() as chunks:
            frames = [
                self._run(connection, lambda c: c.sql(self.sql).df()) for connection in chunks
            ]
        return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)

    def to_batches(self, rows: int = _BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield Arrow batches of at most so many rows; the warehouse stays open meanwhile."""
        with self._chunks(progress=False) as chunks:
            for connection in chunks:
                self._limit_memory(connection)
                yield from connection.sql(self.sql).to_arrow_reader(rows)

    def to_parquet(self, path: Path | str) -> int:
        """Write one Parquet file, with 128-bit integers as decimals, and return its number of rows.

        Neither the result nor the spine needs to fit into memory. The file appears when it is
        complete.
        """
        target = Path(path).absolute()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with (
                tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder,
                self._chunks() as chunks,
            ):
                parts = []
                for connection in chunks:
                    part = Path(folder) / f"{len(parts)}.parquet"
                    query = parquet_query(connection, self.sql)
                    self._run(connection, partial(_copy, query=query, path=part))
                    parts.append(part)
                if len(parts) > 1:
                    listed = ", ".join(duckdb_path(part) for part in parts)
                    parts = [Path(folder) / "all.parquet"]
                    # A folder such as day=7 above the file is not a column of it.
                    merged = f"read_parquet([{listed}], hive_partitioning = false)"
                    _copy(connection, f"select * from {merged}", parts[0])
                rows = count_of(
                    connection, f"select count(*) from read_parquet({duckdb_path(parts[0])})"
                )
                os.replace(parts[0], target)
        except OSError as error:
            raise FeatureStoreError(
                f"{target}: cannot be written: {error.strerror}",
                allowed="a file's path",
                next_step="name another path, or make this one writable, with room on its disk",
            ) from error
        return rows

    def _run(
        self,
        connection: duckdb.DuckDBPyConnection,
        run: Callable[[duckdb.DuckDBPyConnection], Result],
    ) -> Result:
        """Run a query, and again with the whole memory limit where the estimate was too low."""
        try:
            return run(connection)
        except duckdb.OutOfMemoryException:
            self._limit_memory(connection)
            return run(connection)

    @contextmanager
    def _chunks(
        self, progress: bool | None = None
    ) -> Iterator[Iterator[duckdb.DuckDBPyConnection]]:
        """Yield the connection once for each chunk of the spine, which the query then reads."""
        with self._opened() as (connection, spine):
            columns = len(spine.columns) + len(self.join.columns)
            limit = memory_limit(connection)
            rows = rows_of_a_chunk(limit, columns)
            count = spool(connection, spine, rows)
            enough = enough_memory(connection, min(count, rows), columns)
            if enough < limit:
                connection.execute(f"set memory_limit = '{enough // 2**20}MiB'")
            show = self._progress if progress is None else progress
            title = f"Joining features to {count:,} rows"
            with query_progress(connection, title, show, max(1, -(-count // rows))) as begin:

                def each() -> Iterator[duckdb.DuckDBPyConnection]:
                    for number in chunks(connection, count, rows):
                        begin(number)
                        yield connection

                yield each()


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(
        f"copy ({query}) to {literal(str(path))} "
        "(format parquet, compression zstd, row_group_size 100000)"
    )
