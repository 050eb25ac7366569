"""Declarations of feature views over one made-up event table, for the tests of the macros.

Between them: every kind of aggregate, filters, values for empty windows, windows of every form,
grains from a second to a week, and keys and event times of every type.
"""

from __future__ import annotations

from typing import Any

#: The columns of the event table with their SQL types.
EVENT_COLUMNS = {
    "customer_id": "bigint",
    "store_id": "bigint",
    "shop": "varchar",
    "line": "integer",
    "order_id": "bigint",
    "product_id": "integer",
    "word": "varchar",
    "quantity": "integer",
    "amount": "decimal(12, 2)",
    "price": "double",
    "is_gift": "boolean",
    "ordered_at": "timestamp",
    "ordered_at_zone": "timestamptz",
    "ordered_on": "date",
    "loaded_at": "timestamp",
}

Declaration = dict[str, Any]


def view(windows: list[str], aggregates: dict[str, Any], **changes: Any) -> Declaration:
    """Return a declaration per customer and day, but for the changes."""
    return {
        "entity": ["customer_id"],
        "event_time": "ordered_at",
        "grain": "1d",
        "windows": windows,
        # A text alone stands for {sql: text}.
        "aggregates": {
            name: {"sql": given} if isinstance(given, str) else given
            for name, given in aggregates.items()
        },
        **changes,
    }


#: One aggregate of each strategy.
MIXED = {
    "lines": "count(*)",
    "orders": "count(distinct order_id)",
    "spend": {"sql": "sum(amount)", "empty": 0},
    "dearest": "max(amount)",
    "middle": "quantile_cont(price, 0.5)",
    "last_word": "arg_max(word, line)",
}

_COUNTS = {
    "lines": "count(*)",
    "lines_too": "count()",
    "amounts": "count(amount)",
    "orders": "count(distinct order_id)",
    "words": "COUNT(DISTINCT word)",
    "prices": "count (distinct price)",
    "amounts_seen": "count(distinct amount)",
    "pairs": "count(distinct (order_id, product_id))",
    "initials": "count(distinct lower(word))",
}
_SUMS = {
    "spend": {"sql": "sum(amount)", "empty": 0},
    "spend_or_null": "sum(amount)",
    "items": "sum(quantity)",
    "price": "SUM(price)",
    "spread": "sum(amount * 2 - quantity)",
    "known": "sum(coalesce(amount, 0))",
    "gifts": "sum(if(is_gift, amount, null))",
    "kinds": "sum(distinct quantity)",
}
_EXTREMES = {
    "cheapest": "min(amount)",
    "dearest": "max(amount)",
    "lowest": "min(price)",
    "highest": "max(price)",
    "first_word": "min(word)",
    "last_word": "max(word)",
    "first_order": "min(ordered_at)",
    "last_day": "max(ordered_on)",
}
_BOOLEANS = {
    "any_gift": "bool_or(is_gift)",
    "all_gifts": "bool_and(is_gift)",
    "any_or_false": {"sql": "bool_or(is_gift)", "empty": False},
    "all_or_true": {"sql": "bool_and(is_gift)", "empty": True},
    "any_bulk": "bool_or(quantity > 2)",
}
_STATISTICS = {
    "mean_amount": "avg(amount)",
    "mean_quantity": "avg(quantity)",
    "mean_price": "avg(price)",
    "mean_or_zero": "avg(coalesce(amount, 0))",
    "middle": "quantile_cont(price, 0.5)",
    "upper": "quantile_cont(quantity, 0.9)",
    "halfway": "median(price)",
    "deviation": "stddev_pop(price)",
    "latest_word": "arg_max(word, line)",
    "earliest_amount": "arg_min(amount, line)",
    "usual_word": "mode(word)",
}
_LISTS = {
    "words": "list(distinct word order by word) filter (where word is not null)",
    "top_words": "max(word, 2)",
    "text": "string_agg(word, ', ' order by line)",
    "backwards": "string_agg(word, '' order by -line)",
    "quantities": "list(quantity order by quantity, line) filter (where quantity is not null)",
}
_FILTERS = {
    "bulk": "count(*) filter (where quantity > 1)",
    "gift_orders": "count(distinct order_id) FILTER (WHERE is_gift)",
    "quoted": "sum(amount) filter (where word = 'it''s (a' or word is null)",
    "others": "max(word) filter (where word not in ('b', 'B') and quantity is not null)",
    "mean": "avg(price) filter (where not is_gift)",
    "latest": "arg_max(word, line) filter (where quantity >= 2 or is_gift)",
    "all_bulk": "bool_and(is_gift) filter (where(quantity > 1))",
    "never": "sum(quantity) filter (where quantity > 1000)",
}
_EMPTIES = {
    "lines": {"sql": "count(*)", "empty": -1},
    "orders": {"sql": "count(distinct order_id)", "empty": None},
    "spend": {"sql": "sum(amount)", "empty": 1.5},
    "lowest": {"sql": "min(price)", "empty": 0.5},
    "word": {"sql": "max(word)", "empty": "nothing's there"},
    "mean": {"sql": "avg(price)", "empty": None},
    "latest": {"sql": "arg_max(word, line)", "empty": "none"},
    "bulk": {"sql": "sum(quantity) filter (where quantity > 1)", "empty": 0},
    "gift_orders": {"sql": "count(distinct order_id) filter (where is_gift)", "empty": 7},
    "gift_word": {"sql": "string_agg(word, '' order by line) filter (where is_gift)", "empty": ""},
}
#: An aggregate of each strategy, with an `empty` that is never its own result.
_CALLS = {
    "lines": ("count(*)", -1),
    "orders": ("count(distinct order_id)", -1),
    "spend": ("sum(amount)", -0.5),
    "dearest": ("max(amount)", -99999),
    "all_gifts": ("bool_and(is_gift)", False),
    "last_word": ("arg_max(word, line)", "none's"),
    "text": ("string_agg(word, ', ' order by line)", "-"),
}
_CONDITIONS = {
    "all": "",
    "bulk": " filter (where quantity > 1)",
    "first": " filter (where order_id = 1)",
    "rare": " filter (where is_gift and word = 'ä')",
}
FILTERED_EMPTIES = {
    f"{name}_{which}": {"sql": sql + condition, "empty": empty}
    for name, (sql, empty) in _CALLS.items()
    for which, condition in _CONDITIONS.items()
} | {
    "bulk_or_null": "sum(amount) filter (where quantity > 1)",
    "rare_or_null": {"sql": "count(*) filter (where is_gift and word = 'ä')", "empty": None},
}
_AFTER_EMPTY = {
    "bulk_share_1d": "lines_bulk_1d * 2 - lines_all_1d",
    "has_spend_1d": "spend_first_1d is not null",
    "lines_and_rare_1d": "lines_first_1d + lines_rare_1d",
}
_OWN_WINDOWS = {
    "orders": {"sql": "count(distinct order_id)", "windows": ["28d", "1d"]},
    "spend": {"sql": "sum(amount)", "windows": ["14d"], "empty": 0},
    "lines": "count(*)",
    "latest": {"sql": "arg_max(word, line)", "windows": ["3d", "28d"]},
}
_DERIVED = {
    "spend_each_1d": "spend_1d / nullif(lines_1d, 0)",
    "spend_each_7d": "spend_7d / nullif(lines_7d, 0)",
    "older_lines": "lines_7d - lines_1d",
    "dearest_or_zero": "coalesce(dearest_1d, 0)",
    "is_regular": "orders_7d >= 3 and lines_1d > 0",
}

DECLARATIONS: dict[str, Declaration] = {
    "counts": view(["28d", "7d", "lifetime"], _COUNTS),
    "sums": view(["lifetime", "28d", "1d"], _SUMS),
    "extremes_by_hour": view(["24h", "1h", "1d"], _EXTREMES, grain="1h"),
    "booleans_by_quarter_hour": view(["1d", "15m", "1h"], _BOOLEANS, grain="15m"),
    "statistics": view(["7d", "1d", "lifetime"], _STATISTICS),
    "lists": view(["2d", "7d"], _LISTS),
    "filters": view(["7d", "lifetime", "1d"], _FILTERS),
    "empties": view(["1d", "7d"], _EMPTIES),
    "empties_with_lifetime": view(["1d", "lifetime"], _EMPTIES),
    "filtered_empties": view(["1d", "7d", "lifetime"], FILTERED_EMPTIES, derived=_AFTER_EMPTY),
    "filtered_empties_by_hour": view(
        ["24h", "1h"], FILTERED_EMPTIES, grain="1h", entity=["shop", "store_id"]
    ),
    "own_windows": view(["7d"], _OWN_WINDOWS),
    "own_lifetime": view(
        ["2d"], {**_OWN_WINDOWS, "ever": {"sql": "count(distinct word)", "windows": ["lifetime"]}}
    ),
    "window_of_no_aggregate": view(["90d"], {"ever": {"sql": "count(*)", "windows": ["lifetime"]}}),
    "lifetime_only": view(["lifetime"], MIXED),
    "single_window": view(["1d"], MIXED),
    "derived": view(["7d", "1d"], MIXED, derived=_DERIVED),
    "counts_only": view(["2d"], {"lines": "count(*)"}),
    "distinct_only": view(["2d", "lifetime"], {"orders": "count(distinct order_id)"}),
    "distinct_lifetime_only": view(["lifetime"], {"orders": "count(distinct order_id)"}),
    "frames_only": view(["2d", "3d"], {"latest": "arg_max(word, line)"}),
    "frames_lifetime_only": view(["lifetime"], {"mean": "avg(amount)"}),
    "composite_key": view(["7d", "2d"], MIXED, entity=["customer_id", "store_id"]),
    "text_key": view(["7d", "lifetime"], MIXED, entity=["shop"]),
    "mixed_key": view(["1d", "7d"], MIXED, entity=["shop", "store_id", "customer_id"]),
    "zoned_time": view(["2d", "1d"], MIXED, event_time="ordered_at_zone"),
    "zoned_time_by_hour": view(["2h", "1d"], MIXED, event_time="ordered_at_zone", grain="1h"),
    "date_as_time": view(["2d", "1d"], MIXED, event_time="ordered_on"),
    "date_by_hour": view(["1h", "24h"], MIXED, event_time="ordered_on", grain="1h"),
    "by_week": view(["2w", "1w", "28d", "lifetime"], MIXED, grain="1w"),
    "by_second": view(["60s", "1s", "1h", "1d"], MIXED, grain="1s"),
    "by_three_days": view(["9d", "3d", "30d"], MIXED, grain="3d"),
    "by_six_hours": view(["18h", "6h", "lifetime"], MIXED, grain="6h"),
}
