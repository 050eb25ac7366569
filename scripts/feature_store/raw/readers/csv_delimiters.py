"""Errors for CSV files that seem to have another delimiter than the declared one."""

from __future__ import annotations

import csv

from feature_store.errors import FeatureStoreError
from feature_store.raw.files import SourceFile
from feature_store.raw.sources import RawTable

#: Common delimiters of CSV files.
_DELIMITERS = (",", ";", "\t", "|", ":")
#: Bytes of a header that are read.
_HEADER = 100_000


def check_delimiter(table: RawTable, file: SourceFile, names: list[str]) -> None:
    """Check that no other delimiter separates more of the declared names."""
    declared = {name.lower() for name in table.columns}

    def known(delimiter: str) -> int:
        parts = [part.strip(' "').lower() for name in names for part in name.split(delimiter)]
        return len(declared & {*parts})

    likely = max(_DELIMITERS, key=known)
    if likely != table.delimiter and known(likely) > len(declared & {n.lower() for n in names}):
        raise _error(table, file, likely)


def check_malformed_header(table: RawTable, file: SourceFile) -> None:
    """Check that a header that is malformed is not well-formed with another delimiter."""
    declared = {name.lower() for name in table.columns}
    with file.open() as stream:
        line = stream.readline(_HEADER)
    fields = {}
    for delimiter in _DELIMITERS:
        try:
            (names,) = csv.reader([line.decode("utf-8-sig")], delimiter=delimiter, strict=True)
        except (csv.Error, ValueError):
            continue
        if not declared or declared & {name.lower() for name in names}:
            fields[delimiter] = len(names)
    likely = max(fields, key=lambda delimiter: fields[delimiter], default=table.delimiter)
    if likely != table.delimiter and fields[likely] > 1:
        raise _error(table, file, likely)


def _error(table: RawTable, file: SourceFile, likely: str) -> FeatureStoreError:
    shown, name = ("\\t", "tabs") if likely == "\t" else (likely, repr(likely))
    return FeatureStoreError(
        f"{file.label}, line 1: the fields seem to be separated by {name}",
        allowed=f"{table.delimiter!r}, the declared delimiter of {table.declaration}; all files of "
        "a table have one delimiter",
        next_step=f'if all files have this one, write delimiter: "{shown}" under '
        "config.meta.load; else convert this file",
    )
