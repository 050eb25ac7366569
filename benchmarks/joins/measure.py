"""What a contender is asked for, and the table that it joins. Standard library only."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from bench.measure import use_cores

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


@dataclass(frozen=True)
class Arguments:
    """What a contender is asked for: its project, the spine, and how.

    Attributes:
        project: the folder of the dbt project or of the Feast repository.
        spine: the spine's Parquet file.
        max_age_days: features older than this are null; None for no limit.
        result: where to write the joined rows (Parquet) once all is measured; None: nowhere.
    """

    project: Path
    spine: Path
    max_age_days: int | None
    result: Path | None


def read_arguments() -> Arguments:
    """Read the command line, and keep this process to its cores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--spine", type=Path, required=True)
    parser.add_argument("--max-age-days", type=int)
    parser.add_argument("--result", type=Path)
    found = parser.parse_args()
    use_cores()
    return Arguments(found.project, found.spine, found.max_age_days, found.result)
