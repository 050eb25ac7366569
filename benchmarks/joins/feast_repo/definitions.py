"""Feast's feature views of the feature table: without a maximum age, and with one."""

from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Bool, Decimal, Float64, Int64, String

TYPES = {
    "orders_7d": Int64,
    "orders_28d": Int64,
    "orders_90d": Int64,
    "orders_lifetime": Int64,
    "spend_7d": Decimal,
    "spend_28d": Decimal,
    "spend_90d": Decimal,
    "largest_line_28d": Decimal,
    "average_order_28d": Float64,
    "discounted_share_90d": Float64,
    "favourite_department": String,
    "is_active": Bool,
}

customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
# There is no created timestamp: (customer_id, feature_time) is unique, so that it would change
# nothing and would only cost Feast another sort column.
activity = FileSource(name="activity", path="../features.parquet", timestamp_field="feature_time")


def view(name: str, ttl: timedelta) -> FeatureView:
    """Return the table as a feature view; a TTL of zero is no maximum age."""
    return FeatureView(
        name=name,
        entities=[customer],
        ttl=ttl,
        schema=[Field(name=feature, dtype=dtype) for feature, dtype in TYPES.items()],
        source=activity,
        online=False,
    )


customer_activity = view("customer_activity", timedelta(0))
customer_activity_28d = view("customer_activity_28d", timedelta(days=28))
