"""The settings under ``config.meta.load`` of a source table, checked."""

from __future__ import annotations

import os
from typing import Any

from feature_store.errors import FeatureStoreError, declaration_error, near_names
from feature_store.raw.conversions.time_formats import check_format
from feature_store.raw.text_encodings import check_encoding

FORMATS = ("csv", "jsonl", "parquet")
_ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
#: The keys of ``config.meta.load``, each with the formats that it applies to.
_FORMATS_OF_KEYS = {
    "path": FORMATS,
    "format": FORMATS,
    "event_time": FORMATS,
    "time_format": FORMATS,
    "encoding": ("csv", "jsonl"),
    "delimiter": ("csv",),
    "decimal": ("csv",),
    "null_values": ("csv",),
}


def format_of_name(name: str) -> str | None:
    """Return the format that a file's name or a pattern ends in, gzipped or not; None: unknown."""
    return _ENDINGS.get(os.path.splitext(name.lower().removesuffix(".gz"))[1])


def load_settings_of(table: dict[str, Any], where: str) -> dict[str, Any] | None:
    """Return the checked ``config.meta.load`` of a table, or None if it has none."""
    load: Any = table
    for key in ("config", "meta", "load"):
        load = load.get(key) if isinstance(load, dict) else None
    if load is None:
        return None
    where = f"{where}: config.meta.load"
    if not isinstance(load, dict) or not isinstance(load.get("path"), str) or not load["path"]:
        raise declaration_error(
            f"{where} has no path", "path: a file, a glob, or package:<package>/<file>"
        )
    for key in load:
        if key not in _FORMATS_OF_KEYS:
            raise declaration_error(
                f"{where} has the unknown key {key!r}",
                ", ".join(_FORMATS_OF_KEYS) + f"; {near_names(str(key), _FORMATS_OF_KEYS)}",
            )
    if load.get("format") not in (None, *FORMATS):
        raise declaration_error(f"{where}.format is {load['format']!r}", ", ".join(FORMATS))
    delimiter = load.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        raise declaration_error(
            f"{where}.delimiter is {delimiter!r}", "one character, but not a quote or a line end"
        )
    nulls = load.get("null_values", [])
    if not isinstance(nulls, list) or not all(isinstance(value, str) for value in nulls):
        raise declaration_error(
            f"{where}.null_values is {nulls!r}",
            "a list of texts, quoted in the YAML: ['NA', 'NULL']",
        )
    _check_text_settings(load, delimiter, where)
    return load


def _check_text_settings(load: dict[str, Any], delimiter: str, where: str) -> None:
    """Check the settings of text files; the encoding becomes its canonical name."""
    kind = load.get("format") or format_of_name(load["path"])
    for key, formats in _FORMATS_OF_KEYS.items():
        if key in load and kind and kind not in formats:
            raise FeatureStoreError(
                f"{where}.{key} does not apply to {kind}",
                allowed=f"{key} for files of the format {' or '.join(formats)}",
                next_step=f"remove {key}",
            )
    if "encoding" in load:
        load["encoding"] = check_encoding(load["encoding"], f"{where}.encoding")
    decimal = load.get("decimal", ".")
    if "decimal" in load and (decimal not in (".", ",") or decimal == delimiter):
        given = f"{decimal!r}" + (", as is the delimiter" if decimal == delimiter else "")
        raise declaration_error(
            f"{where}.decimal is {given}",
            "'.' or ',', but not the delimiter; with ',' most files have delimiter ';'",
        )
    if "time_format" in load:
        formats_of = load["time_format"]
        if not isinstance(formats_of, dict) or not formats_of:
            check_format(formats_of, f"{where}.time_format")
        else:
            for name, text in formats_of.items():
                check_format(text, f"{where}.time_format of {name}")
