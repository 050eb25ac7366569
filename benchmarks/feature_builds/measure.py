"""The view that all contenders build, and what a data frame is asked for. Standard library only."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from bench.measure import use_cores

VIEW = "customer_activity"
#: Windows of the view, in days; no lifetime, for which data frames have no rolling window.
WINDOWS = (7, 28, 60, 90)
AGGREGATES = ("orders", "spend", "largest_line")
FEATURES = tuple(f"{name}_{days}d" for name in AGGREGATES for days in WINDOWS)
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Arguments:
    """What a data frame is asked for.

    Attributes:
        events: the Parquet file of events.
        result: where the table goes (Parquet).
        groups: whether each customer's windows are computed by themselves; pandas alone.
    """

    events: Path
    result: Path
    groups: bool


def read_arguments() -> Arguments:
    """Read the command line, and keep this process to its cores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    parser.add_argument("--groups", action="store_true")
    found = parser.parse_args()
    use_cores()
    return Arguments(found.events, found.result, found.groups)
