"""The reader of JSON lines files."""

from __future__ import annotations

from feature_store.raw.conversions.conversion import JSON_VALUE
from feature_store.raw.conversions.json_values import exact_numbers
from feature_store.raw.conversions.nested_types import is_nested
from feature_store.raw.files import bounded_lines, empty
from feature_store.raw.readers.base import FileColumn, Reader
from feature_store.raw.readers.staging import TEXT_LIMIT, Appender, kept_text
from feature_store.raw.text_encodings import not_in_encoding
from feature_store.warehouse.sql import count_of, literals, rows_of

#: Bytes; a longer line is malformed, as it is for DuckDB by default.
RECORD_LIMIT = 16 << 20
_TOO_LONG = f"the line is longer than {RECORD_LIMIT:,} bytes"
# The JSON functions raise an error for a text that is not JSON, hence the case.
_LINES = """
    select
        record, row_text, case when json_valid(row_text) then json_keys(row_text) end as names
    from load_lines
"""
# Keys that are not declared never make a line malformed.
_ERRORS = f"""
    select
        record,
        case
            when not json_valid(row_text) then 'the line is not valid JSON'
            when json_type(row_text) <> 'OBJECT' then 'the line is not a JSON object'
            when names in (select names from load_keys where is_twice)
                then 'a key occurs twice in the object'
        end as error,
        row_text
    from ({_LINES})
"""


class JsonLinesReader(Reader):
    """One JSON object a line, plain or gzipped; blank lines are skipped."""

    def prepare(self) -> None:
        """Read the lines; the columns are the keys of all objects."""
        self._read_lines()
        self._read_keys()
        self._reject_lines()
        self._keys: dict[str, list[str]] = {}
        for name in self._names():
            self._keys.setdefault(name.lower(), []).append(name)
        kinds = {name.lower(): kind for name, kind in self.kinds.items()}
        self.columns = []
        for lower, same in self._keys.items():
            # Scalars are extracted as text; for the other types the JSON itself is needed.
            kind = kinds.get(lower, "VARCHAR")
            is_json = kind in ("VARCHAR", "JSON", "BLOB") or is_nested(kind)
            column = f"c{len(self.columns)}"
            self.columns.append(FileColumn(same[0], column, JSON_VALUE if is_json else None))

    def _read_lines(self) -> None:
        """Fill ``load_lines``; lines that are too long or not UTF-8 are malformed."""
        self.connection.execute("create temp table load_lines (record bigint, row_text varchar)")
        number = 0
        with (
            self.file.open() as stream,
            Appender(self.connection, "load_lines") as lines,
            Appender(self.connection, "load_malformed") as malformed,
        ):
            for number, (raw, is_cut) in enumerate(bounded_lines(stream, RECORD_LIMIT), 1):
                if is_cut:
                    shown = kept_text(raw)
                    malformed.add((number, None, _TOO_LONG, shown, None), len(shown))
                    continue
                text = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                text = text.strip(b" \t\r\n")
                if not text:
                    continue
                try:
                    lines.add((number, text.decode("utf-8")), len(text))
                except UnicodeDecodeError:
                    shown = kept_text(text)
                    reason = not_in_encoding([raw], self.file.encoding)
                    malformed.add((number, None, reason, shown, None), len(shown))
        if not number:
            raise empty(self.file.label)

    def _reject_lines(self) -> None:
        """Move lines to ``load_malformed`` that are not JSON objects or repeat a declared key."""
        self.connection.execute(
            f"""
            insert into load_malformed
            select record, null, error, left(row_text, {TEXT_LIMIT}), null
            from ({_ERRORS})
            where error is not null
            """
        )
        self.connection.execute(
            "delete from load_lines where record in (select line from load_malformed)"
        )

    def _names(self) -> list[str]:
        """Return the keys of all objects; with declared columns where objects are unreadable."""
        keys = rows_of(
            self.connection,
            "select distinct unnest(names) as name from load_keys where not is_twice order by name",
        )
        names = [name for (name,) in keys]
        wrong = "select count(*) from load_malformed where starts_with(reason, 'the text is not ')"
        if not count_of(self.connection, "select count(*) from load_lines") or count_of(
            self.connection, wrong
        ):  # There is no object that has the columns, or some cannot be read.
            known = {name.lower() for name in names}
            names += [name for name in self.table.columns if name.lower() not in known]
        return names

    def _read_keys(self) -> None:
        """Fill ``load_keys`` with the distinct lists of keys; most lines share theirs."""
        declared = literals([name.lower() for name in self.kinds])
        same = "list_filter(keys, lambda other: other = key)"
        self.connection.execute(
            f"""
            create temp table load_keys as
            select
                names,
                len(list_filter(keys, lambda key:
                    contains({declared}::varchar[], key) and len({same}) > 1)) > 0 as is_twice
            from (
                select names, list_transform(names, lambda name: lower(name)) as keys
                from (select distinct names from ({_LINES}))
            )
            """
        )

    def stage(self, where: str) -> None:
        """Extract the values from the objects."""
        pointers: dict[str, list[str]] = {"texts": [], "parts": []}
        values = []
        for column, same in zip(self.columns, self._keys.values(), strict=True):
            name = "parts" if column.kind else "texts"
            first = len(pointers[name]) + 1
            pointers[name] += ["/" + key.replace("~", "~0").replace("/", "~1") for key in same]
            places = [f"{name}[{first + i}]" for i in range(len(same))]
            cast = "::varchar" if column.kind else ""
            values.append(f", coalesce({', '.join(places)}){cast} as {column.staged}")
        texts, parts = exact_numbers("row_text", marked=False), exact_numbers("row_text")
        self.connection.execute(
            f"""
            create or replace temp table load_staged as
            select record{"".join(values)}
            from (
                select
                    record,
                    json_extract_string({texts}, {literals(pointers["texts"])}::varchar[]) as texts,
                    json_extract({parts}, {literals(pointers["parts"])}::varchar[]) as parts
                from load_lines
            )
            """
        )

    def locate(self, limit: int | None) -> None:
        """Fill ``load_located`` from ``load_lines``."""
        self.connection.execute(
            f"""
            insert into load_located
            select record, record, row_text from load_lines
            where record in ({self.bad_records(limit)})
            """
        )
