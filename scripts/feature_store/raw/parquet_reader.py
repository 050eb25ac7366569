"""Reading Parquet."""

from __future__ import annotations

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.raw.reader import FileColumn, Reader, duckdb_path
from feature_store.raw.sql import identifier


class ParquetReader(Reader):
    """Parquet; the columns have types of their own."""

    place = "row"

    def prepare(self) -> None:
        """Read the file's schema."""
        self._source = f"read_parquet({duckdb_path(self.file.path)}, hive_partitioning = false"
        try:
            found = self.connection.execute(f"describe select * from {self._source})").fetchall()
        except duckdb.Error as error:
            raise FeatureStoreError(
                f"{self.file.label}: cannot be read as Parquet: {str(error).splitlines()[0]}",
                allowed="a complete Parquet file",
                next_step="fetch the file again, or set config.meta.load.format",
            ) from error
        self.columns = [FileColumn(row[0], f"c{i}", row[1]) for i, row in enumerate(found)]

    def stage(self, where: str) -> None:
        """Read the rows."""
        columns = "".join(f", {identifier(c.name)} as {c.staged}" for c in self.columns)
        self.connection.execute(
            f"""
            create or replace temp table load_staged as
            select * from (
                select file_row_number + 1 as record{columns}
                from {self._source}, file_row_number = true)
            ) where {where}
            """
        )

    def locate(self, limit: int | None) -> None:
        """Write the bad rows as JSON, for want of a text of their own."""
        row = ", ".join(f"{identifier(c.name)} := {c.staged}" for c in self.columns)
        self.connection.execute(
            f"""
            insert into load_located
            select record, record, to_json(struct_pack({row}))::varchar from load_staged
            where record in ({self.wanted(limit)})
            """
        )
