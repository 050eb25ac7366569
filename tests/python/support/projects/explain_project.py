"""A small shop as a real dbt project: two files are loaded, built and served, then one comes late.

Its feature view has the kinds of aggregates that the sample does not: quantiles, modes, lists.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.registry.definitions import FeatureDefinitions, load_definitions
from feature_store.settings import load_settings
from support.projects.compiled_project import dbt
from support.projects.dbt_project import DbtProject

Sale = dict[str, Any]

START = datetime(2024, 3, 1)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
WINDOWS = {"1d": DAY, "3d": 3 * DAY, "lifetime": None}
#: The features of the view ``sales``: aggregate, SQL and type.
AGGREGATES = {
    "sales": ("count(*)", "bigint"),
    "middle": ("quantile_cont(price, 0.5)", "double"),
    "common": ("mode(kind)", "varchar"),
    "latest": ("arg_max(kind, sold_at)", "varchar"),
    "kinds": ("list(kind order by sold_at)", "varchar[]"),
    "had_gift": ("bool_or(kind = 'gift')", "boolean"),
    "dear": ("sum(price) filter (where price >= 10 and kind <> 'it''s (a')", "double"),
}
DERIVED = {"dear_share_3d": "dear_3d / nullif(sales_3d, 0)", "doubled_3d": "dear_share_3d * 2"}
DECLARATION: dict[str, Any] = {
    "entity": ["shop", "till"],
    "event_time": "sold_at",
    "grain": "1d",
    "windows": ["1d", "3d", "lifetime"],
    "aggregates": {
        name: {"sql": sql} | ({"empty": -1} if name == "dear" else {})
        for name, (sql, _) in AGGREGATES.items()
    },
    "derived": DERIVED,
    "online": {"ttl": "30d"},
}
#: Shops whose names hold what separates the ids of a composite key, and quotes.
ENTITIES = [("a", 1), ("a|1", 1), ("a", 11), ("it's", 2)]
LINEAGE = "_source_file as source_file, _batch_id as batch_id, _source_row as source_row"

_FEATURES = {
    f"{name}_{window}": kind for name, (_, kind) in AGGREGATES.items() for window in WINDOWS
} | dict.fromkeys(DERIVED, "double")
_WINDOWED = "{{{{ windowed_features(ref('{}'), feature_view()) }}}}"
_SQL = {
    "cleaned/sales_lines": "select shop, till, price, kind, sold_at, "
    f"{LINEAGE}, _loaded_at as loaded_at from {{{{ source('shop', 'sold') }}}}",
    "cleaned/bare_lines": "select * exclude (source_file, batch_id, source_row) "
    "from {{ ref('sales_lines') }}",
    "cleaned/shops": "select shop, till, min_by(kind, sold_at) as first_kind, "
    "min(sold_at) as opened_at, min(loaded_at) as loaded_at from {{ ref('sales_lines') }} "
    "group by all",
    "features/sales": _WINDOWED.format("sales_lines"),
    "features/bare": _WINDOWED.format("bare_lines"),
    "features/profile": "select shop, till, opened_at as feature_time, "
    "upper(first_kind) as first_kind, loaded_at as known_at from {{ ref('shops') }}",
    "online/online_sales_v1": "{{ online_features(ref('sales'), ref('sales_lines'), "
    "feature_view()) }}",
}
_BARE = {
    "entity": ["shop", "till"],
    "event_time": "sold_at",
    "grain": "1d",
    "windows": ["1d"],
    "aggregates": {"sales": {"sql": "count(*)"}},
}
_PROFILE = {"entity": ["shop", "till"], "event_time": "opened_at", "grain": "1d"}


def _model(name: str, declaration: Mapping[str, Any], features: Mapping[str, str]) -> Any:
    keys = {"shop": "varchar", "till": "bigint", "feature_time": "timestamp"}
    columns = {**keys, **features, "known_at": "timestamp"}
    return {
        "name": name,
        "config": {"meta": {"feature_view": declaration}},
        "columns": [
            {"name": column, "data_type": kind, "description": f"About {column}."}
            for column, kind in columns.items()
        ],
    }


_SOLD = """
sources:
  - name: shop
    schema: raw
    tables:
      - name: sold
        config: {meta: {load: {path: data/*.csv, event_time: sold_at}}}
        columns:
          - {name: shop, data_type: varchar}
          - {name: till, data_type: bigint}
          - {name: price, data_type: double}
          - {name: kind, data_type: varchar}
          - {name: sold_at, data_type: timestamp}
"""
_SERVED = """
snapshots:
  - name: served_sales_v1
    relation: ref('online_sales_v1')
    config: {strategy: check, check_cols: all, unique_key: [shop, till]}
"""


class Shop(DbtProject):
    """The project, built twice; between the builds a file arrived late.

    Attributes:
        sales: what the files hold, each sale with its file and row.
    """

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.sales: list[Sale] = []
        models = [
            _model("sales", DECLARATION, _FEATURES),
            _model("bare", _BARE, {"sales_1d": "bigint"}),
            _model("profile", _PROFILE, {"first_kind": "varchar"}),
            _model("online_sales_v1", DECLARATION, _FEATURES),
        ]
        self.write_settings(
            vars={"as_of": None}, models={"feature_store": {"+materialized": "table"}}
        )
        self.write_profile()
        self.write("models/sources.yml", _SOLD)
        self.write("models/views.yml", {"models": models})
        self.write("snapshots/served.yml", _SERVED)
        for name, sql in _SQL.items():
            self.write(f"models/{name}.sql", sql)
        self._add("1.csv", _early_sales())
        self._add("2.csv", [sale(ENTITIES[0], 6, "gift", START + 5 * DAY + 7 * TICK)])
        self.build()
        self._add("3.csv", [sale(ENTITIES[0], 50, "late", START + 2 * DAY)])
        self.build()

    def _add(self, name: str, sales: list[Sale]) -> None:
        quoted = [
            [f'"{sale[c]}"' if c in ("shop", "kind") else sale[c] for c in sale] for sale in sales
        ]
        lines = [",".join(sales[0]), *(",".join(map(str, values)) for values in quoted)]
        self.write(f"data/{name}", "\n".join(lines) + "\n")
        self.sales += [
            {**sale, "source_file": f"data/{name}", "source_row": row}
            for row, sale in enumerate(sales, 1)
        ]

    def build(self) -> None:
        """Load what is new, and run ``dbt build``."""
        (result,) = load(load_settings("test", self.folder), LoadRequest())
        assert result.error is None
        done = dbt(self.folder, "build")
        assert done.returncode == 0, done.stdout + done.stderr

    def definitions(self) -> FeatureDefinitions:
        return load_definitions(self.folder / "target" / "manifest.json")


def sale(entity: tuple[str, int], price: float, kind: str, sold_at: datetime) -> Sale:
    shop, till = entity
    return {"shop": shop, "till": till, "price": float(price), "kind": kind, "sold_at": sold_at}


def _early_sales() -> list[Sale]:
    """Return sales of every entity, also right at the bounds of grains; not in order of time."""
    sales = []
    for number, entity in enumerate(ENTITIES):
        offsets = [(4, -TICK), (0, 0 * TICK), (1, TICK), (1, DAY / 3), (8, DAY / 2), (4, TICK)]
        for day, offset in offsets:
            kind = "it's (a" if day == 1 else "tea" if day % 8 == 0 else "gift"
            sales.append(sale(entity, 4 * day + number, kind, START + day * DAY + offset))
    return sales


def in_window(shop: Shop, entity: tuple[str, int], time: datetime, window: str) -> list[Sale]:
    """Return an entity's sales with T - window <= event time < T, by time."""
    length = WINDOWS[window]
    return sorted(
        (
            sale
            for sale in shop.sales
            if (sale["shop"], sale["till"]) == entity
            and sale["sold_at"] < time
            and (length is None or sale["sold_at"] >= time - length)
        ),
        key=lambda sale: sale["sold_at"],
    )


def is_dear(sale: Sale) -> bool:
    """Return whether the aggregate "dear" takes a sale."""
    return sale["price"] >= 10 and sale["kind"] != "it's (a"


def values(sales: list[Sale]) -> dict[str, Any]:
    """Return what each aggregate is over some sales, in plain Python; "common" is any of these."""
    kinds = [sale["kind"] for sale in sales]
    counts = Counter(kinds)
    dear = [sale["price"] for sale in sales if is_dear(sale)]
    return {
        "sales": len(sales),
        "middle": statistics.median(sale["price"] for sale in sales) if sales else None,
        "common": {kind for kind in counts if counts[kind] == max(counts.values())} or {None},
        "latest": kinds[-1] if sales else None,
        "kinds": kinds or None,
        "had_gift": "gift" in kinds if sales else None,
        "dear": sum(dear) if dear else None,
    }


def expected(shop: Shop, entity: tuple[str, int], time: datetime, window: str) -> dict[str, Any]:
    sales = in_window(shop, entity, time, window)
    wanted = values(sales)
    if not any(map(is_dear, sales)):
        wanted["dear"] = -1
    return wanted
