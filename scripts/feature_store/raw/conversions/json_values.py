"""SQL that converts a JSON value to a type exactly.

DuckDB reads a JSON number with a fraction as a double. A number that a double cannot hold is
therefore replaced in the text first, by a string that begins with ``_MARK`` and keeps the digits.
"""

from __future__ import annotations

from feature_store.raw.conversions.nested_types import fields_of, is_nested
from feature_store.raw.conversions.sql_builders import all_true, bound, each
from feature_store.raw.conversions.text_values import number_text, scalar_from_text
from feature_store.warehouse.sql import identifier, literal

#: Begins with a code point that is not a character, so that no other text begins so.
_MARK = "\ufdd0number:"
_QUOTED_MARK = '"' + _MARK
_STRING = r'"(?:\\(?s:.)|[^"\\])*"'
_TOKEN = rf'{_STRING}|-?[0-9][0-9.eE+-]*|[^"0-9-]+|-|"'
#: Only a text with that many digits, or such an exponent, can have a number that is not a double.
_LONG_NUMBER = r"[0-9.]{17}|[0-9.][eE][+-]?[0-9]{3}"


def _digits(number: str) -> str:
    mantissa = f"regexp_replace({number}, '[eE].*', '')"
    return f"trim(regexp_replace({mantissa}, '[^0-9]', '', 'g'), '0')"


def exact_numbers(text: str, *, marked: bool = True) -> str:
    """Return the SQL of a JSON text in which no number loses digits when DuckDB reads it.

    With ``marked``, the strings that replace such numbers begin with ``_MARK``.
    """
    quote = literal(_QUOTED_MARK if marked else '"')
    is_changed = f"{_digits('t')} <> {_digits('try_cast(t as double)::varchar')}"
    token = f"""
        case
            when regexp_matches(t, '^-?[0-9]') and regexp_matches(t, '[.eE]') and {is_changed}
                then {quote} || t || '"'
            else t
        end"""
    tokens = f"list_transform(regexp_extract_all({text}, {literal(_TOKEN)}), lambda t: {token})"
    return f"""
        case
            when regexp_matches({text}, {literal(_LONG_NUMBER)})
                then array_to_string({tokens}, '')
            else {text}
        end"""


def _unmarked(text: str) -> str:
    """Return the SQL of a JSON text with the original numbers."""
    pattern = literal(f'"{_MARK}([^"]*)"')
    return rf"regexp_replace({text}, {pattern}, '\1', 'g')"


def is_strict(text: str) -> str:
    """Return the SQL that is true for JSON by the standard, without DuckDB's extensions."""
    bare = f"regexp_replace({text}, {literal(_STRING)}, '\"\"', 'g')"
    return rf"(json_valid({text}) and not regexp_matches({bare}, '(?i)nan|inf|,\s*[\]}}]'))"


def _scalar(value: str, kind: str) -> tuple[str, str]:
    """Return value and test of a JSON value in a type that is not nested."""
    string = f"json_extract_string({value}, '$')"
    marked = f"starts_with({value}, {literal(_QUOTED_MARK)})"
    unmarked = f"substr({string}, {len(_MARK) + 1})"
    is_container = f"left({value}, 1) in ('{{', '[')"
    if kind in ("VARCHAR", "JSON"):
        whole = f"case when {is_strict(value)} then {_unmarked(value)} end"
        if kind == "JSON":
            return f"({whole})::json", f"({whole}) is not null"
        text = f"""
            case
                when {marked} then {number_text(unmarked)}
                when left({value}, 1) = '"' then {string}
                when {value} in ('true', 'false') then {value}
                when {is_container} then {whole}
                else {number_text(value)}
            end"""
        return f"({text})", f"({text}) is not null"
    text = f"""
        case
            when {marked} then {unmarked}
            when left({value}, 1) = '"' then {string}
            when not {is_container} {"and false" if kind == "BLOB" else ""} then {value}
        end"""
    result, test, _ = scalar_from_text("s", kind)
    return bound(text, "s", result), bound(text, "s", test)


def from_json(value: str, kind: str, depth: int = 0) -> tuple[str, str]:
    """Return the conversion of a JSON value.

    A key that the object lacks is null in the struct; a key that the struct does not have, or that
    occurs twice, makes the value invalid. ``value`` is the name of a column of valid JSON, because
    it is repeated.

    Returns:
        SQL of the value, and SQL that is true where it is null or exactly the JSON's.
    """
    result, test = _nested(value, kind, depth) if is_nested(kind) else _scalar(value, kind)
    is_null = f"{value} is null or {value} = 'null'"
    return (
        f"case when {is_null} then null else {result} end",
        f"({is_null} or coalesce({test}, false))",
    )


def _nested(value: str, kind: str, depth: int) -> tuple[str, str]:
    name, fields = fields_of(kind)
    item, key = f"e{depth}", f"k{depth}"

    is_object = f"json_type({value}) = 'OBJECT'"
    keys = f"json_keys({value})"
    is_distinct = f"len({keys}) = len(list_distinct({keys}))"
    if name in ("list", "array"):
        result, test = from_json(item, fields[0][1], depth + 1)
        items = f"json_extract({value}, '$[*]')::varchar[]"
        size = f" and len({items}) = {fields[1][1]}" if name == "array" else ""
        is_array = f"json_type({value}) = 'ARRAY'"
        return (
            f"case when {is_array} then try_cast({each(items, item, result)} as {kind}) end",
            f"{is_array}{size} and {all_true(each(items, item, test))}",
        )
    if name == "map":
        new_key, key_test, _ = scalar_from_text(key, fields[0][1])
        result, test = from_json(item, fields[1][1], depth + 1)
        items = f"json_extract({value}, '$.*')::varchar[]"
        new_keys = each(keys, key, new_key)
        made = f"try(map({new_keys}, {each(items, item, result)}))"
        return (
            f"case when {is_object} and {is_distinct} then {made} end",
            f"{is_object} and {is_distinct} and {all_true(each(keys, key, key_test))} "
            f"and {all_true(each(items, item, test))} and {made} is not null",
        )
    results, tests = [], []
    for field, child in fields:
        pointer = literal("/" + field.replace("~", "~0").replace("/", "~1"))
        result, test = from_json(item, child, depth + 1)
        inner = f"json_extract({value}, {pointer})::varchar"
        results.append(f"{identifier(field)} := {bound(inner, item, result)}")
        tests.append(bound(inner, item, test))
    known = ", ".join(literal(field) for field, _ in fields)
    are_known = all_true(each(keys, key, f"{key} in ({known})"))
    return (
        f"case when {is_object} then struct_pack({', '.join(results)})::{kind} end",
        f"{is_object} and {is_distinct} and {are_known} and {' and '.join(tests)}",
    )
