"""Generate transactions of the shop; ``python benchmarks/generate_events.py --help``."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bench.prepare import REPOSITORY
from bench.shop_events import ShopEvents
from bench.shop_files import write_shop
from feature_store.cli import app as command_line


def generate_events(
    events: Annotated[int, typer.Option(help="Rows, late, copied and malformed ones too.")],
    customers: Annotated[
        int, typer.Option(help="Households; the first 1 % of them have a fifth of the rows.")
    ] = 200_000,
    days: Annotated[int, typer.Option(help="Days over which the rows arrive.")] = 180,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The first of these days (UTC).")
    ] = datetime(2024, 1, 1),
    seed: Annotated[int, typer.Option(help="Other rows of the same kind.")] = 1,
    lines: Annotated[int, typer.Option(help="Order lines per order, in the mean.")] = 3,
    late: Annotated[
        float, typer.Option(help="Share of orders that arrive 1 to 60 days after the event.")
    ] = 0.01,
    duplicates: Annotated[
        float, typer.Option(help="Share of rows that copy one of the three days before.")
    ] = 0.002,
    malformed: Annotated[
        float, typer.Option(help="Share of rows that cleaning rejects, for five reasons.")
    ] = 0.01,
    unreadable: Annotated[
        float,
        typer.Option(
            help="Share of rows that the loader rejects, or quarantines; with any, quantities are "
            "doubles."
        ),
    ] = 0.0,
    per_day: Annotated[
        bool, typer.Option("--per-day", help="A file for each day of arrival, or all in one.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder that the Parquet files go to.")] = REPOSITORY
    / "target/events",
) -> None:
    """Write made-up transactions and products, in the columns of the source complete_journey.

    The same arguments give the same rows in the same order, on every machine. A file of a day has
    what arrives on it: late rows have an earlier event time.
    """
    shop = ShopEvents(
        events=events,
        customers=customers,
        days=days,
        start=start.date(),
        seed=seed,
        late=late,
        duplicates=duplicates,
        malformed=malformed,
        unreadable=unreadable,
        lines=lines,
    )
    began = time.perf_counter()
    with command_line.err.status("generating") as status:
        files = write_shop(
            shop,
            out,
            per_day=per_day,
            tell=lambda rows: status.update(f"generating: {rows:,} of {events:,} rows"),
        )
    size = sum(path.stat().st_size for path in files)
    command_line.out.print(
        f"{events:,} transactions in {len(files)} file{'s' if len(files) > 1 else ''} of {out}, "
        f"{size / 1e6:,.0f} MB, {time.perf_counter() - began:.1f} s",
        markup=False,
    )


if __name__ == "__main__":
    command_line.run(generate_events)
