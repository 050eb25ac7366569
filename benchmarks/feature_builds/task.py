"""The feature view that all contenders build, and the arguments of those with data frames.

Standard library only.
"""

from __future__ import annotations

import argparse
from pathlib import Path

VIEW = "customer_activity"
#: Windows of the view, in days; no lifetime window, which data frames have no rolling form of.
WINDOWS = (7, 28, 60, 90)
FEATURES = tuple(
    f"{aggregate}_{days}d" for aggregate in ("orders", "spend", "largest_line") for days in WINDOWS
)
#: Microseconds in a day.
DAY_US = 86_400_000_000


def read_arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=Path, help="Parquet file of events")
    parser.add_argument("--result", type=Path, help="Parquet file for the table")
    parser.add_argument("--groups", action="store_true", help="pandas: roll over each customer")
    return parser.parse_args()
