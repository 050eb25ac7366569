"""Cases for the dbt_expectations stand-in: arguments of a test, and the failures it must report.

The counts of failures are those of the real package on the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One generic test in the temporary project, on one of its tables."""

    test: str  # without ``expect_``
    model: str
    failures: int | None  # that the test must report; 0 is a pass, None an SQL error
    arguments: dict[str, object]
    config: dict[str, object] = field(default_factory=dict)  # dbt's own

    def __str__(self) -> str:
        told = {"column_name": "", **self.arguments}
        column = str(told.pop("column_name"))
        rest = [f"{name}={value}" for name, value in {**told, **self.config}.items()]
        return "-".join([self.test, self.model, *([column] if column else []), *rest])


_COMPOUND = "compound_columns_to_be_unique"
_PAIR = "column_pair_values_A_to_be_greater_than_B"
_QUANTILE = "column_quantile_values_to_be_between"
_ROWS = "table_row_count_to_be_between"

#: By test, model and column: the number of failures, and the other arguments.
_CASES: dict[tuple[str, str, str | None], list[tuple[int | None, dict[str, object]]]] = {
    ("column_values_to_be_between", "sales", "amount"): [
        (0, {"min_value": 1, "max_value": 6}),
        (1, {"min_value": 1.5, "max_value": 6}),
        (2, {"min_value": 2, "max_value": 5}),
        (0, {"min_value": 0, "max_value": 7, "strictly": True}),
        (2, {"min_value": 1, "max_value": 6, "strictly": True}),
        (0, {"min_value": 1}),
        (1, {"min_value": 1, "strictly": True}),
        (0, {"max_value": 6}),
        (1, {"max_value": 6, "strictly": True}),
        (4, {"max_value": 0}),
        (2, {"max_value": 2, "row_condition": ""}),
        (0, {"min_value": 3, "row_condition": "category = 'b'"}),
        (2, {"min_value": 3, "row_condition": "category = 'a'"}),
        (0, {"max_value": 2, "row_condition": "category = 'a' or sale_id = 5"}),
        (0, {"max_value": "price"}),
        (1, {"max_value": "price", "strictly": True}),
        (0, {"min_value": "(select 1)"}),
        (4, {"min_value": "case when sale_id < 5 then 100 end"}),
    ],
    ("column_values_to_be_between", "sales", "sold_on"): [
        (0, {"min_value": "'2017-01-01'", "max_value": "date '2017-01-04'"}),
        (1, {"min_value": "'2017-01-02'"}),
        (None, {"min_value": "'yesterday'"}),
    ],
    ("column_values_to_be_between", "sales", "sum(amount)"): [
        (0, {"max_value": 12}),
        (1, {"max_value": 11}),
    ],
    ("column_values_to_be_between", "empty_sales", "amount"): [(0, {"min_value": 100})],
    ("column_values_to_be_in_set", "sales", "category"): [
        (1, {"value_set": ["a", "b"]}),
        (3, {"value_set": ["a", "c"]}),
        (3, {"value_set": ["A", "b", "b"]}),
        (1, {"value_set": "ab"}),
        (5, {"value_set": ["it''s"]}),
        (0, {"value_set": ["a", "b"], "row_condition": "category is not null"}),
        (2, {"value_set": ["a"], "row_condition": "category is not null"}),
        (1, {"value_set": ["'a'", "'b'"], "quote_values": False}),
        (1, {"value_set": ["'a'", "'b'", "null"], "quote_values": False}),
    ],
    ("column_values_to_be_in_set", "sales", "sale_id"): [
        (0, {"value_set": [1, 2, 3, 4, 5]}),
        (0, {"value_set": [1, 2, 3, 4, 5], "quote_values": False}),
        (1, {"value_set": [1, 2, 3, 4], "quote_values": False}),
        (4, {"value_set": [1, 2.5], "quote_values": False}),
        (0, {"value_set": [1, "1 + 1", "3", 4, 5], "quote_values": False}),
        (None, {"value_set": [1, "two"]}),
    ],
    ("column_values_to_be_in_set", "sales", "is_paid"): [(1, {"value_set": [True, False]})],
    ("column_values_to_be_in_set", "sales", "sold_on"): [(4, {"value_set": ["2017-01-01"]})],
    ("column_values_to_be_in_set", "empty_sales", "category"): [(0, {"value_set": ["a"]})],
    ("column_values_to_match_regex", "sales", "code"): [
        (0, {"regex": "-[0-9]"}),
        (1, {"regex": "^[A-Z]{2}-\\d$"}),
        (4, {"regex": "^-"}),
        (0, {"regex": "^[A-Z]{2}-\\d$", "flags": "i"}),
        (0, {"regex": "^[A-Z]{2}-\\d$", "flags": "i", "is_raw": True}),
        (1, {"regex": "^[A-Z]{2}-\\d$", "flags": "cm"}),
        (0, {"regex": "^AB", "row_condition": "sale_id < 4"}),
        (1, {"regex": "^AB", "row_condition": "sale_id > 3"}),
        (0, {"regex": ""}),
        (None, {"regex": "("}),
    ],
    ("column_values_to_match_regex", "sales", "sale_id"): [(None, {"regex": "1"})],
    (_COMPOUND, "visits", None): [
        (0, {"column_list": ["shop", "visit_id"]}),
        (2, {"column_list": ["customer id", "shop"], "quote_columns": True}),
        (2, {"column_list": ['"customer id"', "shop"]}),
        (
            1,
            {
                "column_list": ["customer id", "shop"],
                "quote_columns": True,
                "ignore_row_if": "any_value_is_missing",
            },
        ),
        (2, {"column_list": ["shop"], "ignore_row_if": "any_value_is_missing"}),
        (1, {"column_list": ["shop"], "row_condition": "visit_id < 5"}),
        (0, {"column_list": ["shop"], "row_condition": "visit_id in (1, 4)"}),
        # The or binds looser than what follows: rows of nulls are no longer left out.
        (3, {"column_list": ["shop"], "row_condition": "visit_id > 5 or visit_id < 6"}),
        (2, {"column_list": ["shop"], "row_condition": "(visit_id > 5 or visit_id < 6)"}),
    ],
    (_PAIR, "sales", None): [
        (1, {"column_A": "price", "column_B": "amount"}),
        (0, {"column_A": "price", "column_B": "amount", "or_equal": True}),
        (4, {"column_A": "amount", "column_B": "price"}),
        (3, {"column_A": "amount", "column_B": "price", "or_equal": True}),
        (0, {"column_A": "price", "column_B": "amount", "row_condition": "sale_id <> 2"}),
        (1, {"column_A": "price", "column_B": "amount", "row_condition": "sale_id = 2"}),
        (0, {"column_A": "price + 1", "column_B": "amount"}),
    ],
    ("column_mean_to_be_between", "sales", "amount"): [
        (0, {"min_value": 3, "max_value": 3}),
        (1, {"min_value": 3, "strictly": True}),
        (1, {"max_value": 3, "strictly": True}),
        (0, {"min_value": 2.9, "max_value": 3.1, "strictly": True}),
        (1, {"min_value": 3.1}),
        (1, {"max_value": 2.9}),
        (0, {"max_value": 1.5, "row_condition": "category = 'a'"}),
        (1, {"max_value": 1.5, "row_condition": "category = 'b'"}),
        (0, {"min_value": 1.5, "max_value": 4.5, "group_by": ["category"]}),
        (1, {"min_value": 2, "group_by": ["category"]}),
        (2, {"min_value": 9, "group_by": ["category"]}),
        (4, {"min_value": 9, "group_by": ["category", "sale_id % 2"]}),
        (0, {"max_value": 2, "group_by": ["category"], "row_condition": "sale_id < 3"}),
    ],
    ("column_mean_to_be_between", "empty_sales", "amount"): [(0, {"min_value": 100})],
    ("column_stdev_to_be_between", "sales", "amount"): [
        (0, {"min_value": 2.16, "max_value": 2.17}),
        (1, {"min_value": 2.17}),
        (1, {"max_value": 2.16}),
        (0, {"min_value": 1, "max_value": 3, "strictly": True}),
        (0, {"max_value": 0.71, "row_condition": "category = 'a'"}),
        (1, {"max_value": 2.12, "row_condition": "category = 'b'"}),
        (1, {"max_value": 2, "group_by": ["category"]}),
        (0, {"max_value": 2.13, "group_by": ["category"]}),
        (0, {"min_value": 9, "row_condition": "sale_id = 1"}),
    ],
    ("column_stdev_to_be_between", "sales", "sale_id * 0"): [
        (0, {"min_value": 0}),
        (1, {"min_value": 0, "strictly": True}),
    ],
    (_QUANTILE, "sales", "amount"): [
        (0, {"quantile": 0.5, "min_value": 2.5, "max_value": 2.5}),
        (1, {"quantile": 0.5, "min_value": 2.5, "strictly": True}),
        (1, {"quantile": 0.5, "min_value": 2.6}),
        (1, {"quantile": 0.5, "max_value": 2.4}),
        (0, {"quantile": 0, "max_value": 1}),
        (0, {"quantile": 1, "min_value": 6}),
        (0, {"quantile": "0.9", "min_value": 5.09, "max_value": 5.11}),
        (0, {"quantile": 0.5, "max_value": 1.5, "row_condition": "category = 'a'"}),
        (1, {"quantile": 0.5, "max_value": 1.5, "row_condition": "category = 'b'"}),
        (0, {"quantile": 0.5, "max_value": 4.5, "group_by": ["category"]}),
        (1, {"quantile": 0.5, "max_value": 4, "group_by": ["category"]}),
    ],
    (_QUANTILE, "empty_sales", "amount"): [(0, {"quantile": 0.5, "min_value": 100})],
    (_ROWS, "sales", None): [
        (0, {"min_value": 5, "max_value": 5}),
        (1, {"min_value": 5, "strictly": True}),
        (0, {"min_value": 4, "max_value": 6, "strictly": True}),
        (1, {"min_value": 6}),
        (1, {"max_value": 4}),
        (0, {"max_value": 2, "row_condition": "category = 'a'"}),
        (1, {"min_value": 3, "row_condition": "category = 'a'"}),
        (0, {"max_value": 2, "group_by": ["category"]}),
        (1, {"min_value": 2, "group_by": ["category"]}),
        (5, {"min_value": 2, "group_by": ["category", "sale_id"]}),
        (0, {"min_value": 5, "group_by": []}),
    ],
    (_ROWS, "empty_sales", None): [
        (1, {"min_value": 1}),
        (0, {"min_value": 0}),
        (0, {"min_value": 1, "group_by": ["category"]}),
    ],
}
CASES = [
    Case(test, model, failures, ({"column_name": column} if column else {}) | arguments)
    for (test, model, column), rows in _CASES.items()
    for failures, arguments in rows
]
_UP_TO_2 = {"column_name": "amount", "max_value": 2}
CASES += [Case("column_values_to_be_between", "sales", 1, _UP_TO_2, {"where": "sale_id < 4"})]
