"""Print as of which time to serve after an interval; ``python scripts/serving_time.py --help``."""

from __future__ import annotations

from typing import Annotated

import typer

from feature_store import command_line
from feature_store.arguments import read_time
from feature_store.serving_time import serving_time
from feature_store.settings import load_settings


def print_serving_time(
    end: Annotated[str, typer.Option(help="End of the interval, exclusive (UTC).")],
    target: Annotated[str | None, typer.Option(help="A target of profiles.yml.")] = None,
) -> None:
    """Print the value of dbt's var as_of for a run of the interval that ends there.

    It is that end, or the latest time as of which the warehouse has served already.
    """
    time = serving_time(load_settings(target), read_time("--end", end))
    command_line.out.print(time.replace(tzinfo=None).isoformat(" "))


if __name__ == "__main__":
    command_line.run(print_serving_time)
