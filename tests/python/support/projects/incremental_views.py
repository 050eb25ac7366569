"""Feature views for the tests of incremental building, none of whose values depend on an order.

No aggregate adds doubles or breaks ties: such a value may differ from one full build to the next.
"""

from __future__ import annotations

from support.oracles.windowed_features import View
from support.projects.feature_view_declarations import (
    DECLARATIONS,
    FILTERED_EMPTIES,
    MIXED,
    Declaration,
    view,
)
from support.projects.feature_view_events import Event

#: The event table: two columns more than those loaded, with names that need quotes.
EVENTS = """select *, amount as "Größe", word as "the ""word"", ä" from raw_events"""
_FRAMES = {
    "upper": "quantile_cont(quantity, 0.9)",
    "last_word": "arg_max(word, line)",
    "text": "string_agg(word, ', ' order by line) filter (where quantity > 0)",
    "words": "list(distinct word order by word) filter (where word is not null)",
    "top_words": "max(word, 2)",
}
_BY_HOUR = {
    "orders": "count(distinct order_id)",
    "amounts": "count(amount)",
    "cheapest": "min(amount)",
    "highest": "max(price)",
    "any_gift": "bool_or(is_gift)",
    "all_gifts": {"sql": "bool_and(is_gift)", "empty": True},
}
_QUOTED = {"size": 'sum("Größe")', "latest": 'arg_max("the ""word"", ä", line)'}
_EMPTIES = dict(DECLARATIONS["empties"]["aggregates"])
del _EMPTIES["mean"]  # of doubles

_EMPTIES_EVER = {
    name: given for name, given in FILTERED_EMPTIES.items() if name.endswith(("_bulk", "_rare"))
}

VIEWS: dict[str, Declaration] = {
    "by_day": DECLARATIONS["derived"],
    "by_hour": view(["1h", "24h", "7d"], _BY_HOUR, grain="1h", entity=["customer_id", "store_id"]),
    "by_week_ever": view(["7d", "28d", "lifetime"], MIXED, grain="7d", entity=["shop"]),
    "frames": view(["1d", "3d"], _FRAMES),
    "own_windows": DECLARATIONS["own_windows"],
    "empties": view(["1d", "7d"], _EMPTIES),
    "empties_ever": view(["1d", "lifetime"], _EMPTIES_EVER),
    "zoned_time": DECLARATIONS["zoned_time_by_hour"],
    "ever": view(["lifetime"], {"orders": "count(distinct order_id)", "spend": "sum(amount)"}),
    "quoted": view(["2d"], _QUOTED),
}

_TYPES = {
    "lines": "bigint",
    "orders": "bigint",
    "spend": "decimal(38,2)",
    "dearest": "decimal(12,2)",
    "middle": "double",
    "last_word": "varchar",
    "amounts": "bigint",
    "cheapest": "decimal(12,2)",
    "highest": "double",
    "any_gift": "boolean",
    "all_gifts": "boolean",
    "spend_each": "double",
    "older_lines": "bigint",
    "dearest_or_zero": "decimal(12,2)",
    "is_regular": "boolean",
}
_KEYS = {"customer_id": "bigint", "store_id": "bigint", "shop": "varchar"}


def _types(declaration: Declaration) -> dict[str, str]:
    """Return the types of a view's columns, by name and in order."""
    view = View(declaration)
    kinds = {name: _TYPES.get(name) or _TYPES[name.rpartition("_")[0]] for name in view.features}
    keys = {key: _KEYS[key] for key in view.entity}
    return {**keys, "feature_time": "timestamp", **kinds, "known_at": "timestamp"}


#: The columns' types of the views that have an enforced contract.
TYPES = {name: _types(VIEWS[name]) for name in ("by_day", "by_hour", "by_week_ever")}


def with_quoted(events: list[Event]) -> list[Event]:
    """Return events with the two more columns, as the event table has them."""
    return [{**one, "Größe": one["amount"], 'the "word", ä': one["word"]} for one in events]
