"""The task of a contender: the features to join, and its command line. Standard library only."""

from __future__ import annotations

import argparse
from pathlib import Path

VIEW = "customer_activity"
FEATURES = (
    "orders_7d",
    "orders_28d",
    "orders_90d",
    "orders_lifetime",
    "spend_7d",
    "spend_28d",
    "spend_90d",
    "largest_line_28d",
    "average_order_28d",
    "discounted_share_90d",
    "favourite_department",
    "is_active",
)


def read_arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, help="dbt project or Feast repository")
    parser.add_argument("--spine", type=Path, help="Parquet file of labels")
    parser.add_argument("--max-age-days", type=int, help="older features are null")
    parser.add_argument("--result", type=Path, help="Parquet file for the joined rows")
    return parser.parse_args()
