"""Contender that builds the feature table with pandas once."""

from __future__ import annotations

from feature_builds.task import DAY_US, WINDOWS, read_arguments
from harness.measurements import Stopwatch


def main() -> None:
    """Measure one build in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    import pandas as pd

    clock.imported()
    events = pd.read_parquet(
        arguments.events, columns=["customer_id", "ordered_at", "paid", "loaded_at"]
    )
    # Days are whole numbers. A day's events are visible from the next day on.
    events["day"] = events["ordered_at"].astype("datetime64[us]").astype("int64") // DAY_US + 1
    events["loaded_us"] = events["loaded_at"].astype("datetime64[us]").astype("int64")
    per_day = (
        events.groupby(["customer_id", "day"], sort=False)
        .agg(
            orders=("paid", "size"),
            spend=("paid", "sum"),
            largest_line=("paid", "max"),
            known_us=("loaded_us", "max"),
        )
        .reset_index()
    )
    del events
    spine = pd.concat(
        [
            per_day[["customer_id", "day"]].assign(day=per_day["day"] + days)
            for days in (0, *WINDOWS)
        ]
    ).drop_duplicates()
    rows = spine.merge(per_day, on=["customer_id", "day"], how="left").sort_values(
        ["customer_id", "day"], ignore_index=True
    )
    del spine, per_day

    if arguments.groups:
        rows["time"] = (rows["day"] * DAY_US).astype("datetime64[us]")
        customers = rows.groupby("customer_id", sort=False)

        def window(days: int, closed: str, least: int):
            return customers.rolling(f"{days}D", on="time", closed=closed, min_periods=least)
    else:
        # Customers one after the other, a thousand years apart, and a second for a day: no window
        # reaches from one to the next, and all are rolled over at once.
        line = rows["customer_id"].ne(rows["customer_id"].shift()).cumsum() * 365_000 + rows["day"]
        rows.index = pd.DatetimeIndex(line.to_numpy().astype("datetime64[s]"))

        def window(days: int, closed: str, least: int):
            return rows.rolling(f"{days}s", closed=closed, min_periods=least)

    table = pd.DataFrame(
        {
            "customer_id": rows["customer_id"].to_numpy(),
            "feature_time": (rows["day"].to_numpy() * DAY_US).astype("datetime64[us]"),
        }
    )
    for days in WINDOWS:
        sums = window(days, "right", 0)
        table[f"orders_{days}d"] = sums["orders"].sum().to_numpy().astype("int64")
        table[f"spend_{days}d"] = sums["spend"].sum().to_numpy()
        # Without a value there is no maximum.
        largest = window(days, "right", 1)["largest_line"].max()
        table[f"largest_line_{days}d"] = largest.to_numpy()
    # A row depends on the events that have just left its widest window too.
    known_us = window(WINDOWS[-1], "both", 1)["known_us"].max()
    table["known_at"] = known_us.to_numpy().astype("int64").astype("datetime64[us]")
    memory_seconds = clock.seconds()
    table.to_parquet(arguments.result, index=False)
    clock.stop()
    clock.report("pandas", memory_seconds=memory_seconds)


if __name__ == "__main__":
    main()
