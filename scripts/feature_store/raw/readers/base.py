"""The base class of the readers, which put one file into a temporary table.

``prepare`` finds the file's columns. ``stage`` fills ``load_staged`` with the well-formed rows, in
columns ``c0``, ``c1``, … with the values as received, and adds malformed rows to
``load_malformed``. ``locate`` finds the lines and texts of rows in ``load_bad_values``, whose
values turn out to be malformed later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import duckdb

from feature_store.raw.files import SourceFile
from feature_store.raw.sources import RawTable


@dataclass(frozen=True)
class FileColumn:
    """A column of a file.

    Attributes:
        staged: its name in ``load_staged``.
        kind: the file's own type, or None where the file holds text only.
    """

    name: str
    staged: str
    kind: str | None = None


class NotUtf8Error(Exception):
    """A file has texts that are not UTF-8, which ended the transaction.

    The caller has to read the file again with ``check_texts``.
    """


class Reader(ABC):
    """Reads one file of a format.

    Attributes:
        record: SQL of a staged row's number within the file, known after ``stage``. Rows count
            from 1, including malformed ones, without a CSV's header; in JSON lines it is the line.
        kinds: the declared columns with DuckDB's names of their types.
        columns: the file's columns, known after ``prepare``.
        empty_is_null: whether an empty text is null in a column that is not a text.
        check_texts: whether each text is checked for UTF-8, because DuckDB cannot read the file.
        place: the word before a row's number in errors.
    """

    record = "record"
    empty_is_null = False
    check_texts = False
    place = "line"

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: SourceFile,
        table: RawTable,
        kinds: dict[str, str],
    ):
        self.kinds = kinds
        self.connection = connection
        self.file = file
        self.table = table
        self.columns: list[FileColumn] = []

    @abstractmethod
    def prepare(self) -> None:
        """Find the file's columns."""

    @abstractmethod
    def stage(self, where: str) -> None:
        """Fill ``load_staged``; rows that do not meet ``where`` may be left out."""

    @abstractmethod
    def locate(self, limit: int | None) -> None:
        """Fill ``load_located`` with line and text of the rows in ``load_bad_values``.

        ``limit`` is the number of rows, the first in the file; None is all of them.
        """

    def all_rows(self) -> str:
        """Return the SQL of a relation with the columns of ``load_staged`` and all rows."""
        return "load_staged"

    def bad_records(self, limit: int | None) -> str:
        """Return the query of the row numbers to locate."""
        first = f"limit {limit}" if limit else ""
        return f"select distinct record from load_bad_values order by record {first}"
