"""Reading JSON lines."""

from __future__ import annotations

from feature_store.errors import FeatureStoreError
from feature_store.raw.files import empty
from feature_store.raw.reader import Reader
from feature_store.raw.sql import count_of, literals, rows_of
from feature_store.raw.temp_tables import Appender

# The JSON functions fail on a line that is no JSON, so only a case may call them.
_LINES = """
    select
        record, row_text, case when json_valid(row_text) then json_keys(row_text) end as names
    from load_lines
"""
# Few lines have keys of their own: comparing the distinct lists of keys is what makes this cheap.
_FAULTS = f"""
    select
        record,
        case
            when not json_valid(row_text) then 'the line is no valid JSON'
            when json_type(row_text) <> 'OBJECT' then 'the line is no JSON object'
            when names in (
                select names from load_keys where len(names) <> len(list_distinct(names))
            ) then 'the object has a key twice'
        end as fault,
        row_text
    from ({_LINES})
"""


class JsonLinesReader(Reader):
    """One JSON object a line, plain or gzipped; blank lines are no rows."""

    def prepare(self) -> None:
        """Read the lines; the columns are the keys of all objects."""
        self.connection.execute("create temp table load_lines (record bigint, row_text varchar)")
        number = 0
        with (
            self.file.open() as stream,
            Appender(self.connection, "load_lines") as lines,
            Appender(self.connection, "load_faults") as faults,
        ):
            for number, raw in enumerate(stream, 1):
                text = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                text = text.strip(b" \t\r\n")
                if not text:
                    continue
                try:
                    lines.add((number, text.decode("utf-8")), len(text))
                except UnicodeDecodeError:
                    shown = text.decode("utf-8", "backslashreplace")
                    faults.add((number, None, "the text is not UTF-8", shown, None), len(shown))
        if not number:
            raise empty(self.file.label)
        self.connection.execute(
            f"create temp table load_keys as select distinct names from ({_LINES})"
        )
        self.connection.execute(
            f"""
            insert into load_faults
            select record, null, fault, row_text, null from ({_FAULTS}) where fault is not null
            """
        )
        self.connection.execute(
            "delete from load_lines where record in (select line from load_faults)"
        )
        keys = rows_of(
            self.connection,
            """
            select distinct unnest(names) as name from load_keys
            where len(names) = len(list_distinct(names))
            order by name
            """,
        )
        names = [name for (name,) in keys]
        if not count_of(self.connection, "select count(*) from load_lines"):
            names = list(self.table.columns)  # No object is there to tell the columns.
        lower = [name.lower() for name in names]
        twins = [name for name in names if lower.count(name.lower()) > 1]
        if twins or "" in names:
            raise FeatureStoreError(
                f"{self.file.label}: the keys {', '.join(map(repr, twins or ['']))} cannot be "
                "columns",
                allowed="keys that are not empty and differ by more than their case",
            )
        self.columns = self.named(names)

    def stage(self, where: str) -> None:
        """Take the values out of the objects, as text."""
        pointers = ["/" + c.name.replace("~", "~0").replace("/", "~1") for c in self.columns]
        values = "".join(f", v[{i}] as {c.staged}" for i, c in enumerate(self.columns, 1))
        extract = f"json_extract_string(row_text, {literals(pointers)})" if pointers else "null"
        self.connection.execute(
            f"""
            create or replace temp table load_staged as
            select record{values}
            from (select record, {extract} as v from load_lines)
            """
        )

    def locate(self, limit: int | None) -> None:
        """Look the lines up, they are still at hand."""
        self.connection.execute(
            f"""
            insert into load_located
            select record, record, row_text from load_lines
            where record in ({self.wanted(limit)})
            """
        )
