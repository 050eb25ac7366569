"""Arguments that must stop dbt."""

from __future__ import annotations

_QUANTILE = "column_quantile_values_to_be_between"
_COMPOUND = "compound_columns_to_be_unique"
_PAIR = "column_pair_values_A_to_be_greater_than_B"
_ROWS = "table_row_count_to_be_between"

#: The test, its arguments, and what the error must say.
BAD_ARGUMENTS: list[tuple[str, dict[str, object], list[str]]] = [
    (
        "column_values_to_be_between",
        {"column_name": "a"},
        ["min_value and max_value", "got neither"],
    ),
    ("column_values_to_be_between", {"column_name": "a", "min_value": ""}, ["min_value", "''"]),
    ("column_mean_to_be_between", {"column_name": "a"}, ["min_value and max_value", "got neither"]),
    (
        "column_stdev_to_be_between",
        {"column_name": "a"},
        ["min_value and max_value", "got neither"],
    ),
    (_ROWS, {}, ["min_value and max_value", "got neither"]),
    (_ROWS, {"min_value": 1, "group_by": "shop"}, ["group_by", "list of columns", "'shop'"]),
    (_QUANTILE, {"column_name": "a", "min_value": 1}, ["quantile", "from 0 to 1", "nothing"]),
    (
        _QUANTILE,
        {"column_name": "a", "quantile": 50, "min_value": 1},
        ["quantile", "from 0 to 1", "got 50"],
    ),
    ("column_values_to_be_in_set", {"column_name": "a"}, ["value_set", "nothing"]),
    ("column_values_to_be_in_set", {"column_name": "a", "value_set": []}, ["value_set", "got []"]),
    ("column_values_to_be_in_set", {"column_name": "a", "value_set": 3}, ["value_set", "got 3"]),
    ("column_values_to_match_regex", {"column_name": "a"}, ["regex", "nothing"]),
    (
        "column_values_to_match_regex",
        {"column_name": "a", "regex": "x", "flags": "xi"},
        ["flags", "c, i, l", "'xi'"],
    ),
    (_COMPOUND, {}, ["column_list", "nothing"]),
    (_COMPOUND, {"column_list": []}, ["column_list", "got []"]),
    (_COMPOUND, {"column_list": "shop"}, ["column_list", "list of columns", "'shop'"]),
    (
        _COMPOUND,
        {"column_list": ["a"], "ignore_row_if": "never"},
        ["ignore_row_if", "all_values_are_missing, any_value_is_missing", "'never'"],
    ),
    (_PAIR, {"column_A": "a"}, ["column_B", "nothing"]),
]
