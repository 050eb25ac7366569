"""Feast's feature view of the rows: names and types are those of the dbt project."""

from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Decimal, Float64, Int64

TYPES = {
    "orders_7d": Int64,
    "orders_28d": Int64,
    "orders_90d": Int64,
    "spend_7d": Decimal,
    "spend_28d": Decimal,
    "spend_90d": Decimal,
    "discount_28d": Decimal,
    "products_28d": Int64,
    "products_90d": Int64,
    "stores_28d": Int64,
    "average_order_28d": Float64,
}

customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
# There is no created timestamp: a customer has one row, so it would change nothing.
purchases = FileSource(name="purchases", path="../before.parquet", timestamp_field="feature_time")
# feature_store.yaml sets the TTL of keys in Redis; this TTL is a maximum age of features.
customer_purchases = FeatureView(
    name="customer_purchases",
    entities=[customer],
    ttl=timedelta(0),
    schema=[Field(name=feature, dtype=dtype) for feature, dtype in TYPES.items()],
    source=purchases,
    online=True,
)
