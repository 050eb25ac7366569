"""Reading one file into a temporary table, each format in its own way.

A reader first tells the file's columns (``prepare``), then fills ``load_staged`` with the
well-formed rows, one column ``c0``, ``c1``, … per column of the file, still as received
(``stage``), and adds the malformed ones to ``load_malformed``. ``locate`` finds lines and texts of
rows that turned out bad later.
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
        name: as received.
        staged: its name in ``load_staged``.
        kind: the file's own type, or None where the file holds text only.
    """

    name: str
    staged: str
    kind: str | None = None


class NotUtf8Error(Exception):
    """A file has texts that are not UTF-8, which ended the transaction.

    The file is to be read again with ``check_texts``.
    """


class Reader(ABC):
    """What all formats share.

    Attributes:
        record: SQL of a staged row's number within the file, known after ``stage``. It counts from
            1, malformed rows too, but not the header of a CSV; in JSON lines it is the line.
        kinds: the declared columns with DuckDB's names of their types.
        columns: the file's columns, known after ``prepare``.
        empty_is_null: whether an empty text is null in a column that is no text.
    """

    record = "record"
    empty_is_null = False
    #: Whether texts are checked one by one, because DuckDB does not read the file as a whole.
    check_texts = False
    #: What a row's place in the file is called.
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
        """Find out the columns."""

    @abstractmethod
    def stage(self, where: str) -> None:
        """Fill ``load_staged``; rows that do not meet ``where`` may be left out."""

    @abstractmethod
    def locate(self, limit: int | None) -> None:
        """Fill ``load_located`` with line and text of the first rows in ``load_bad_values``."""

    def all_rows(self) -> str:
        """Return the SQL of a relation with the columns of ``load_staged`` and all rows."""
        return "load_staged"

    def named(self, names: list[str]) -> list[FileColumn]:
        """Return text columns of these names."""
        return [FileColumn(name, f"c{i}") for i, name in enumerate(names)]

    def wanted(self, limit: int | None) -> str:
        """Return the query of the row numbers to locate."""
        first = f"limit {limit}" if limit else ""
        return f"select distinct record from load_bad_values order by record {first}"
