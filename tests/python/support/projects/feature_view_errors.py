"""Invalid declarations of feature views, and the errors that dbt must list for each.

An error is written as ``where … what it got``: one line contains the parts, in this order.
"""

from __future__ import annotations

from typing import Any

from support.projects.feature_view_declarations import MIXED, view

GOOD = view(["7d"], {"spend": "sum(amount)"})


def but(**changes: Any) -> dict[str, Any]:
    """Return a valid declaration with changes."""
    return {**GOOD, **changes}


def spend(**changes: Any) -> dict[str, Any]:
    """Return a valid declaration with changes in its aggregate ``spend``."""
    return but(aggregates={"spend": {"sql": "sum(amount)", **changes}})


def sql(
    text: Any, error: str = "one aggregate call is allowed"
) -> tuple[dict[str, Any], list[str]]:
    """Return a declaration with another aggregate, and its one error."""
    return spend(sql=text), [f"aggregates.spend.sql: …{error}…got {text}"]


_ENTITY = "entity: a list of column names is allowed…got "
_GRAIN = "grain: a whole number and s, m, h, d or w is allowed…got "
_WINDOWS = "windows: a list of durations is allowed…got "
_WINDOW = "windows: a whole number and s, m, h, d or w, or lifetime, is allowed; got "
_AGGREGATES = "aggregates: a mapping of name to {sql: …} is allowed; got "
_MISSING = "config.meta.feature_view: missing; add it to the YAML of the model"
_NAME = "lower case letters, digits and _ are allowed in a name"
_ONLINE = "online: a mapping with ttl, layout or both is allowed, such as {ttl: 120d}; got "
_TTL = "online.ttl: a whole number and s, m, h, d or w is allowed…got "
_REPEATED = " occurs twice; each window is allowed once"
_TWICE = " occurs twice; each column is allowed once"
_AROUND = "the aggregate itself is allowed, without a function around it"

ERRORS: dict[str, tuple[Any, list[str]]] = {
    "empty": ({}, [_MISSING]),
    "null": (None, [_MISSING]),
    "list": (["customer_id"], ["feature_view: a mapping is allowed, got ['customer_id']"]),
    "text": ("customer", ["feature_view: a mapping is allowed, got customer"]),
    "number": (3, ["feature_view: a mapping is allowed, got 3"]),
    "nothing_known": (
        {"entities": ["customer_id"]},
        [f"feature_view: {key} is missing" for key in GOOD if key != "grain"]
        + ["feature_view: unknown key entities; allowed: entity, event_time, windows, aggregates"],
    ),
    "unknown_key": (but(window="7d"), ["feature_view: unknown key window; allowed: entity, "]),
    "entity_null": (but(entity=None), [f"{_ENTITY}None"]),
    "entity_text": (but(entity="customer_id"), [f"{_ENTITY}customer_id"]),
    "entity_mapping": (but(entity={"a": 1}), [f"{_ENTITY}{{'a': 1}}"]),
    "entity_empty": (but(entity=[]), [f"{_ENTITY}[]"]),
    "entity_blank": (but(entity=["a", " "]), [f"{_ENTITY}['a', ' ']"]),
    "entity_of_numbers": (but(entity=[1]), [f"{_ENTITY}[1]"]),
    "entity_of_lists": (but(entity=[["a"]]), [f"{_ENTITY}[['a']]"]),
    "entity_twice": (but(entity=["a", "A"]), [f"columns: a{_TWICE}"]),
    "entity_reserved": (but(entity=["known_at"]), [f"columns: known_at{_TWICE}"]),
    "entity_private": (but(entity=["_grain"]), ["columns: _grain: names that begin with _ are"]),
    "time_null": (but(event_time=None), ["event_time: the name of a column is allowed; got None"]),
    "time_list": (
        but(event_time=["a"]),
        ["event_time: the name of a column is allowed; got ['a']"],
    ),
    "grain_text": (but(grain="1 day"), [f"{_GRAIN}1 day"]),
    "grain_number": (but(grain=1), [f"{_GRAIN}1"]),
    "grain_zero": (but(grain="0d"), [f"{_GRAIN}0d"]),
    "grain_lifetime": (but(grain="lifetime"), [f"{_GRAIN}lifetime"]),
    "grain_list": (but(grain=["1d"]), [f"{_GRAIN}['1d']"]),
    "windows_null": (but(windows=None), [f"{_WINDOWS}None"]),
    "windows_text": (but(windows="7d"), [f"{_WINDOWS}7d"]),
    "windows_mapping": (but(windows={"7d": 1}), [f"{_WINDOWS}{{'7d': 1}}"]),
    "windows_empty": (but(windows=[]), [f"{_WINDOWS}[]"]),
    "windows_malformed": (
        but(
            windows=[
                "7days",
                "1.5d",
                "-1d",
                "07d",
                "0d",
                7,
                None,
                "7D",
                "Lifetime",
                ["7d"],
                {"a": 1},
            ]
        ),
        [
            f"{_WINDOW}{window}"
            for window in ("7days", "1.5d", "-1d", "07d", "0d", "7", "None", "7D", "Lifetime")
        ]
        + [f"{_WINDOW}['7d']", f"{_WINDOW}{{'a': 1}}"],
    ),
    "windows_no_multiples": (
        but(windows=["36h", "1d", "90m"]),
        [
            f"windows: a multiple of the grain 1d is allowed; got {window}"
            for window in ("36h", "90m")
        ],
    ),
    "windows_twice": (but(windows=["7d", "1d", "7d"]), [f"windows: 7d{_REPEATED}"]),
    "aggregates_null": (but(aggregates=None), [f"{_AGGREGATES}None"]),
    "aggregates_list": (but(aggregates=["sum(a)"]), [f"{_AGGREGATES}['sum(a)']"]),
    "aggregates_text": (but(aggregates="sum(a)"), [f"{_AGGREGATES}sum(a)"]),
    "aggregates_empty": (but(aggregates={}), [f"{_AGGREGATES}{{}}"]),
    "aggregate_text": (
        but(aggregates={"a": "sum(b) / 2", "b": 3, "c": None}),
        [
            "aggregates.a.sql: one aggregate call is allowed…got sum(b) / 2",
            "aggregates.b: a mapping such as…got 3",
            "aggregates.c: a mapping such as…got None",
        ],
    ),
    "aggregate_empty": (but(aggregates={"a": {}}), ["aggregates.a: sql is missing"]),
    "aggregate_names": (
        but(
            aggregates={
                "Spend": {"sql": "sum(a)"},
                "_b": {"sql": "sum(a)"},
                "c d": {"sql": "sum(a)"},
            }
        ),
        [f"aggregates.{name}: {_NAME}" for name in ("Spend", "_b", "c d")],
    ),
    "aggregate_described": (
        spend(description="", unit=3, min=float("inf"), max="1", mean=[2, 1], stdev=4),
        [
            "aggregates.spend.description: a text is allowed; got ",
            "aggregates.spend.unit: a text is allowed; got 3",
            "aggregates.spend.min: a number is allowed; got inf",
            "aggregates.spend.max: a number is allowed; got 1",
            "aggregates.spend.mean: two numbers in ascending order are allowed…got [2, 1]",
            "aggregates.spend.stdev: two numbers in ascending order are allowed…got 4",
        ],
    ),
    "aggregate_bounds": (
        spend(min=2, max=1),
        ["aggregates.spend: min up to max is allowed; got min 2 and max 1"],
    ),
    "events_and_load_time": (
        but(events=["orders"], loaded_at=1),
        ["events: a text such as ref('orders') is allowed", "loaded_at: a text such as loaded_at"],
    ),
    "aggregate_key": (
        spend(emtpy=0),
        ["aggregates.spend: unknown key emtpy; allowed: sql, windows"],
    ),
    "aggregate_windows": (
        spend(windows=["36h", "1 d", {"a": 1}]),
        [
            "aggregates.spend.windows: a multiple of the grain 1d is allowed; got 36h",
            f"aggregates.spend.{_WINDOW}1 d",
            f"aggregates.spend.{_WINDOW}{{'a': 1}}",
        ],
    ),
    "aggregate_windows_null": (spend(windows=None), [f"aggregates.spend.{_WINDOWS}None"]),
    "aggregate_empty_list": (
        spend(empty=[0]),
        ["aggregates.spend.empty: a number, text, true, false or null is allowed; got [0]"],
    ),
    "sql_null": sql(None),
    "sql_number": sql(3),
    "sql_list": sql(["sum(amount)"]),
    "sql_empty": sql(""),
    "sql_of_two": sql("sum(a) / sum(b)"),
    "sql_column": sql("amount"),
    "sql_unclosed": sql("sum(amount"),
    "sql_window": sql("sum(a) over (order by b)"),
    "sql_query": sql("(select sum(a) from b)"),
    "sql_statement": sql("sum(a); drop table b"),
    "sql_filter": sql("sum(a) filter (b > 1)"),
    "sql_comment": sql("sum(a) -- all"),
    "sql_around": sql("coalesce(sum(amount), 0)", _AROUND),
    "sql_around_too": sql("round(avg(amount), 2) filter (where a)", _AROUND),
    "sql_first": sql(
        "first(a order by b)", "arg_min(value, time) and arg_max(value, time) are allowed"
    ),
    "derived_null": (but(derived=None), ["derived: a mapping of column to expression…got None"]),
    "derived_list": (but(derived=["a"]), ["derived: a mapping of column to expression…got ['a']"]),
    "derived_names": (
        but(derived={"A": "spend_7d", "b c": "spend_7d", "_d": "spend_7d"}),
        [f"derived.{name}: {_NAME}" for name in ("A", "b c", "_d")],
    ),
    "derived_of_the_row": (
        but(derived={"a": "feature_time - last", "b": "spend_7d + epoch(KNOWN_AT)"}),
        [f"derived.{name}: features are allowed, but neither feature_time" for name in "ab"],
    ),
    "derived_expressions": (
        but(derived={"a": None, "b": ["spend_7d"], "c": "", "d": {"sql": 7, "min": 1}}),
        [
            f"derived.{name}: an expression over the view's columns is allowed…got {got}"
            for name, got in {
                "a": "None",
                "b": "['spend_7d']",
                "c": "",
                "d": "7",
            }.items()
        ],
    ),
    "columns_twice": (
        but(
            entity=["spend_7d"],
            derived={"known_at": "1 + 1", "feature_time": "1 + 1", "twin": "spend_7d"},
            aggregates={"spend": {"sql": "sum(a)"}, "twin": {"sql": "sum(a)"}},
        ),
        [f"columns: {name}{_TWICE}" for name in ("spend_7d", "known_at", "feature_time")],
    ),
    "online_null": (but(online=None), [f"{_ONLINE}None"]),
    "online_text": (but(online="1d"), [f"{_ONLINE}1d"]),
    "online_empty": (but(online={}), [f"{_ONLINE}{{}}"]),
    "online_keys": (
        but(online={"ttl": "1d", "key": 1}),
        ["online: unknown key key; allowed: ttl, layout"],
    ),
    "online_ttl": (but(online={"ttl": "120 days"}), [f"{_TTL}120 days"]),
    "online_layout": (
        but(online={"layout": "json"}),
        ["online.layout: hash or packed is allowed; got json"],
    ),
    "online_ttl_list": (but(online={"ttl": ["1d"]}), [f"{_TTL}['1d']"]),
    "many": (
        {
            "entity": "customer_id",
            "grain": "1 day",
            "windows": ["7d", "36x", "7d"],
            "aggregates": {"Ratio": {"sql": "sum(a) / sum(b)", "emtpy": 0}, **MIXED},
            "onlin": {},
        },
        [
            "feature_view: event_time is missing",
            "feature_view: unknown key onlin; allowed: ",
            f"{_ENTITY}customer_id",
            f"{_GRAIN}1 day",
            f"{_WINDOW}36x",
            f"windows: 7d{_REPEATED}",
            f"aggregates.Ratio: {_NAME}",
            "aggregates.Ratio: unknown key emtpy",
            "aggregates.Ratio.sql: one aggregate call is allowed…got sum(a) / sum(b)",
        ],
    ),
}
