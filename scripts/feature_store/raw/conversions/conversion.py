"""The conversion of a column to its declared type: exact, or the row is malformed.

The texts of a type have a defined form (``text_values``), JSON numbers keep their digits
(``json_values``), and a typed value of Parquet must be the same again when it is cast back. Where
a cast could pass that test and still change the value, it is converted by way of a text: numbers
by the one text of each number, bytes by their UTF-8 text. Nested types are converted field by
field.
"""

from __future__ import annotations

from dataclasses import dataclass

from feature_store.raw.conversions.json_values import exact_numbers, from_json, is_strict
from feature_store.raw.conversions.nested_types import fields_of, is_nested
from feature_store.raw.conversions.sql_builders import all_true, bound, each
from feature_store.raw.conversions.text_values import (
    FLOATS,
    INTEGERS,
    TIMESTAMP_DIGITS,
    float_text,
    number_text,
    scalar_from_text,
)
from feature_store.warehouse.sql import identifier, literal

#: The types that an event time may have.
EVENT_TIME_TYPES = ("DATE", *(kind for kind in TIMESTAMP_DIGITS if kind != "TIMESTAMPTZ_NS"))
#: The type of staged values that are JSON.
JSON_VALUE = "a JSON value"
#: The types of staged values that DuckDB does not have, or cannot read.
LONG_DECIMAL = "DECIMAL of more than 38 digits"
INEXACT = "nested value of a type that cannot be read exactly"
#: Types of staged values that a raw table cannot have; "NULL" is Parquet's type without values.
NO_TYPES = (JSON_VALUE, LONG_DECIMAL, INEXACT, '"NULL"')
#: The version of the conversion rules: files loaded by an older version are read again.
RULES = 2
#: The placeholder of the file's value in the SQL of a conversion; not a Unicode character.
VALUE = "\ufdd1"


@dataclass(frozen=True)
class Conversion:
    """SQL of a conversion, of one column or, with the placeholder ``VALUE``, of any column.

    Attributes:
        value: the value in its type; undefined where it is not valid.
        valid: true where the value is null or converted exactly; None if it always is.
        expects: the name of a valid value, for the error message.
    """

    value: str
    valid: str | None
    expects: str

    def of(self, column: str) -> Conversion:
        """Return the SQL for a column, given as SQL."""
        valid = self.valid and self.valid.replace(VALUE, column)
        return Conversion(self.value.replace(VALUE, column), valid, self.expects)


def _test(column: str, test: str) -> str:
    return f"({column} is null or coalesce({test}, false))"


def from_text(column: str, kind: str, *, empty_is_null: bool) -> Conversion:
    """Return the conversion of a text column; ``empty_is_null`` is not for columns of texts."""
    if kind == "VARCHAR":
        return Conversion(column, None, "text")
    if empty_is_null:
        column = f"nullif({column}, '')"
    if kind == "JSON":
        return Conversion(f"try_cast({column} as json)", _test(column, is_strict(column)), "JSON")
    if is_nested(kind):
        value, test = from_json("j", kind)
        exact = f"case when {is_strict(column)} then {exact_numbers(column)} end"
        test = f"j is not null and {test}"
        expects = f"JSON for {kind.lower()}"
        return Conversion(bound(exact, "j", value), _test(column, bound(exact, "j", test)), expects)
    value, test, expects = scalar_from_text(column, kind)
    return Conversion(value, _test(column, test), expects)


def from_type(column: str, source: str, kind: str) -> Conversion:
    """Return the conversion of a typed column.

    ``source`` is the canonical name of its type, or ``JSON_VALUE``.
    """
    if source == JSON_VALUE:
        return Conversion(*from_json(column, kind), _expects(kind, "JSON"))
    if source == kind:
        return Conversion(column, None, kind.lower())
    if source == "VARCHAR":
        return from_text(column, kind, empty_is_null=False)
    value, test = _typed(column, source, kind, 0)
    if is_nested(kind):  # DuckDB would make a struct of nulls from a null struct.
        value = f"case when {column} is not null then {value} end"
    return Conversion(value, _test(column, test), _expects(kind, source))


def _expects(kind: str, source: str) -> str:
    what = "text" if kind == "VARCHAR" else f"value of the type {kind.lower()}"
    return f"{what} ({source.lower()} in the file)"


def _typed(column: str, source: str, kind: str, depth: int) -> tuple[str, str]:
    """Return value and test of a typed value that is not null."""
    if source == kind:
        return column, "true"
    if source == '"NULL"':
        return f"null::{kind}", "true"
    if source == INEXACT:
        return f"null::{kind}", "false"
    if is_nested(source) and is_nested(kind):
        return _nested(column, source, kind, depth)
    text = _text_of(column, source, kind)
    if text is not None:
        change = from_text("s", kind, empty_is_null=False)
        valid = f"s is not null and {change.valid or 'true'}"
        return bound(text, "s", change.value), bound(text, "s", valid)
    if source == "TIMESTAMPTZ_NS" and kind == "VARCHAR":
        return f"{column}::varchar", "true"
    if source == "TIMESTAMPTZ_NS":  # DuckDB casts it to few types, but to this one exactly.
        column, source = f"({column}::timestamp_ns)", "TIMESTAMP_NS"
    cast = f"try_cast({column} as {kind})"
    is_same = f"try_cast({cast} as {source}) is not distinct from {column}"
    if kind == "JSON":  # DuckDB writes NaN and Infinity, which are not JSON.
        is_same += f" and {is_strict(f'{cast}::varchar')}"
    return cast, f"{cast} is not null and {is_same}"


def _text_of(column: str, source: str, kind: str) -> str | None:
    """Return the SQL of the text by which a value is converted, or None if a cast is exact."""
    if source == "VARCHAR":
        return column
    if source == LONG_DECIMAL:
        return number_text(column) if kind == "VARCHAR" else column
    if source == "BLOB":
        return f"try(decode({column}))"
    if source == "JSON" and kind != "VARCHAR":
        return f"{column}::varchar"
    if source in FLOATS:
        if kind == "VARCHAR":
            return float_text(column, source)
        if kind.startswith("DECIMAL"):
            return f"{column}::varchar"
    if (source in INTEGERS or source.startswith("DECIMAL")) and kind == "VARCHAR":
        return number_text(f"{column}::varchar")
    return None


def _nested(column: str, source: str, kind: str, depth: int) -> tuple[str, str]:
    """Return value and test of a nested value, field by field."""
    old_name, old_fields = fields_of(source)
    name, fields = fields_of(kind)
    item = f"e{depth}"

    def part(old: str, new: str) -> tuple[str, str]:
        value, test = _typed(item, old, new, depth + 1)
        return f"case when {item} is not null then {value} end", _test(item, test)

    def all_valid(values: str, test: str) -> str:
        return all_true(each(values, item, test))

    lists = ("list", "array")
    if old_name in lists and name in lists:
        value, test = part(old_fields[0][1], fields[0][1])
        items = f"{column}::{old_fields[0][1]}[]"
        size = f"len({items}) = {fields[1][1]} and " if name == "array" else ""
        return f"try_cast({each(items, item, value)} as {kind})", size + all_valid(items, test)
    if old_name == name == "map":
        key, key_test = part(old_fields[0][1], fields[0][1])
        value, test = part(old_fields[1][1], fields[1][1])
        keys, values = f"map_keys({column})", f"map_values({column})"
        made = f"try(map({each(keys, item, key)}, {each(values, item, value)}))"
        are_valid = f"{all_valid(keys, key_test)} and {all_valid(values, test)}"
        return made, f"{made} is not null and {are_valid}"
    if old_name == name == "struct":
        old = {field.lower(): (field, child) for field, child in old_fields}
        values, tests = [], ["true"]
        for field, child in fields:
            if field.lower() not in old:
                values.append(f"{identifier(field)} := null::{child}")
                continue
            old_field, old_child = old.pop(field.lower())
            value, test = part(old_child, child)
            inner = f"struct_extract({column}, {literal(old_field)})"
            values.append(f"{identifier(field)} := {bound(inner, item, value)}")
            tests.append(bound(inner, item, test))
        tests += [  # A field that the declared type does not have must be null.
            f"struct_extract({column}, {literal(field)}) is null" for field, _ in old.values()
        ]
        return f"struct_pack({', '.join(values)})::{kind}", " and ".join(tests)
    return f"null::{kind}", "false"
