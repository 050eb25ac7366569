"""The reader of Parquet files."""

from __future__ import annotations

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.raw.conversions.conversion import INEXACT, LONG_DECIMAL
from feature_store.raw.readers.base import FileColumn, NotUtf8Error, Reader
from feature_store.raw.readers.parquet_exact import Leaf, has_nanoseconds, read_exactly, read_schema
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import duckdb_path, identifier, literal, rows_of

_ROW_NUMBER = "file_row_number"
_NOT_UTF8 = "not valid UTF8"


class ParquetReader(Reader):
    """Parquet; the columns have types of their own."""

    place = "row"

    def prepare(self) -> None:
        """Read the file's schema."""
        path = duckdb_path(self.file.path)
        self._source = f"read_parquet({path}, hive_partitioning = false"
        try:
            found = rows_of(self.connection, f"describe select * from {self._source})")
            schema = rows_of(
                self.connection,
                f"select name, type, num_children, duckdb_type from parquet_schema({path})",
            )
        except duckdb.Error as error:
            raise FeatureStoreError(
                f"{self.file.label}: cannot be read as Parquet: {first_line(error)}",
                allowed="a complete Parquet file",
                next_step="fetch the file again, or set config.meta.load.format",
            ) from error
        # DuckDB renames a column whose name occurs twice, in any case; the schema has the names.
        names, self._leaves = read_schema(schema)
        self._names = [row[0] for row in found]
        self._exact: dict[int, str] = {}
        self.columns = [
            FileColumn(name, f"c{i}", kind)
            for i, (name, (_, kind, *_)) in enumerate(zip(names, found, strict=True))
        ]
        for leaf in self._leaves:
            if leaf.is_decimal or (leaf.is_time and has_nanoseconds(self.file.path, leaf)):
                self._read_exactly(leaf)
        self._not_utf8 = self._read_bytes() if self.check_texts else []

    def _read_exactly(self, leaf: Leaf) -> None:
        """Take the exact values of a column that DuckDB reads inexactly from a temporary table."""
        column, kind = self.columns[leaf.column], INEXACT
        if not leaf.is_nested:
            table = f"load_exact_{leaf.column}"
            kind = LONG_DECIMAL if leaf.is_decimal else "VARCHAR"
            stored = "VARCHAR" if leaf.is_decimal else "BIGINT"
            read_exactly(self.connection, self.file.path, leaf, stored, table)
            value = f"(select value from temp.{table} as x where x.record = s.record)"
            if leaf.is_time:
                # Arrow's nanoseconds overflow far from 1970, DuckDB's microseconds do not. Their
                # difference modulo 2^64 is the nanoseconds beyond the microsecond.
                time = f"s.{identifier(self._names[leaf.column])}"
                rest = f"({value}::hugeint - epoch_us({time})::hugeint * 1000) % {2**64}"
                digits = f"lpad((({rest} + {2**64}) % {2**64})::varchar, 3, '0')"
                value = f"strftime({time}, '%Y-%m-%d %H:%M:%S.%f') || {digits}"
            self._exact[leaf.column] = value
        self.columns[leaf.column] = FileColumn(column.name, column.staged, kind)

    def stage(self, where: str) -> None:
        """Read the rows."""
        try:
            self.connection.execute(
                f"create or replace temp table load_staged as select * from ({self._rows()}) "
                f"where {where}"
            )
        except duckdb.InvalidInputException as error:
            if _NOT_UTF8 not in str(error):
                raise
            raise NotUtf8Error from error
        self._reject_not_utf8()

    def all_rows(self) -> str:
        """Return the SQL of all rows of the file; DuckDB reads only the columns that are used."""
        return f"({self._rows()})"

    def _rows(self) -> str:
        values = "".join(
            f", {self._exact.get(i, 's.' + identifier(name))} as c{i}"
            for i, name in enumerate(self._names)
        )
        source = f"select * from {self._source}, {_ROW_NUMBER} = true)"
        number = f"{_ROW_NUMBER} + 1"
        if _ROW_NUMBER in (name.lower() for name in self._names):
            source, number = f"select * from {self._source})", "row_number() over ()"
        if self._exact:
            source = f"select *, {number} as record from ({source})"
            number = "record"
        return f"select {number} as record{values} from ({source}) as s"

    def _read_bytes(self) -> list[int]:
        """Read columns with a text that is not UTF-8 as bytes; return their indexes."""
        not_utf8: list[int] = []
        for leaf in self._leaves:
            column, name = self.columns[leaf.column], identifier(self._names[leaf.column])
            if "VARCHAR" not in str(column.kind) or leaf.column in self._exact:
                continue
            try:
                # An error must not end the loader's transaction.
                with self.connection.cursor() as elsewhere:
                    rows_of(elsewhere, f"select max({name}) from {self._source})")
            except duckdb.InvalidInputException as error:
                if leaf.is_nested:
                    raise FeatureStoreError(
                        f"{self.file.label}: column {column.name} has a text that is not UTF-8",
                        allowed="UTF-8 text",
                        next_step="write the file again, without that text",
                    ) from error
                table = f"load_exact_{leaf.column}"
                read_exactly(self.connection, self.file.path, leaf, "BLOB", table)
                text = "coalesce(try(decode(value)), value::varchar)"
                self._exact[leaf.column] = (
                    f"(select {text} from temp.{table} as x where x.record = s.record)"
                )
                not_utf8.append(leaf.column)
        return not_utf8

    def _reject_not_utf8(self) -> None:
        """Move rows whose declared texts are not UTF-8 to ``load_malformed``."""
        declared = {name.lower() for name in self.kinds}
        for i in self._not_utf8:
            name = self.columns[i].name
            if name.lower() not in declared:
                continue
            self.connection.execute(
                f"""
                insert into load_malformed
                select
                    record, {literal(name)},
                    'column ' || {literal(name)} || ': ''' || left(value::varchar, 100)
                    || ''' is not a valid UTF-8 text', value::varchar, null
                from temp.load_exact_{i}
                where value is not null and try(decode(value)) is null
                """
            )
        if self._not_utf8:
            self.connection.execute(
                "delete from load_staged where record in (select line from load_malformed)"
            )

    def locate(self, limit: int | None) -> None:
        """Fill ``load_located`` with the bad rows as JSON, since Parquet rows have no text."""
        named = zip(self._names, self.columns, strict=True)
        row = ", ".join(f"{identifier(name)} := {column.staged}" for name, column in named)
        self.connection.execute(
            f"""
            insert into load_located
            select record, record, to_json(struct_pack({row}))::varchar from load_staged
            where record in ({self.bad_records(limit)})
            """
        )
