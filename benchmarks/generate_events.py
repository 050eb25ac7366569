"""Command that generates transactions of the shop as Parquet files."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from feature_store.cli.app import err, out, run
from harness.processes import REPOSITORY
from shop_events.events import ShopEvents
from shop_events.files import write_shop


def generate_events(
    events: Annotated[int, typer.Option(help="Rows, including late, copied and malformed ones.")],
    customers: Annotated[
        int, typer.Option(help="Households; the first 1 % of them have a fifth of the rows.")
    ] = 200_000,
    days: Annotated[int, typer.Option(help="Days over which the rows arrive.")] = 180,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The first of these days (UTC).")
    ] = datetime(2024, 1, 1),
    seed: Annotated[int, typer.Option(help="Another seed gives other rows of the same kind.")] = 1,
    lines: Annotated[int, typer.Option(help="Order lines per order, on average.")] = 3,
    late: Annotated[
        float, typer.Option(help="Share of orders that arrive 1 to 60 days after the event.")
    ] = 0.01,
    duplicates: Annotated[
        float, typer.Option(help="Share of rows that are copies of a row of the three days before.")
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
    folder: Annotated[Path, typer.Option("--out", help="Folder of the Parquet files.")] = REPOSITORY
    / "target/events",
) -> None:
    """Write generated transactions and products, in the columns of the source complete_journey.

    The same arguments give the same rows in the same order, on every machine. The file of a day
    holds the rows that arrive on it: late rows have an earlier event time.
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
    with err.status("generating") as status:
        files = write_shop(
            shop,
            folder,
            per_day=per_day,
            tell=lambda rows: status.update(f"generating: {rows:,} of {events:,} rows"),
        )
    size = sum(path.stat().st_size for path in files)
    out.print(
        f"{events:,} transactions in {len(files)} file{'s' if len(files) > 1 else ''} of {folder}, "
        f"{size / 1e6:,.0f} MB, {time.perf_counter() - began:.1f} s",
        markup=False,
    )


if __name__ == "__main__":
    run(generate_events)
