"""Contender that builds the feature table with Polars once."""

from __future__ import annotations

from feature_builds.task import DAY_US, WINDOWS, read_arguments
from harness.measurements import Stopwatch


def main() -> None:
    """Measure one build in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    import polars as pl

    clock.imported()
    # Days are whole numbers. A day's events are visible from the next day on.
    per_day = (
        pl.scan_parquet(arguments.events)
        .select(
            "customer_id",
            (pl.col("ordered_at").dt.timestamp("us") // DAY_US + 1).cast(pl.Int32).alias("day"),
            "paid",
            "loaded_at",
        )
        .group_by("customer_id", "day")
        .agg(
            orders=pl.len().cast(pl.Int64),
            spend=pl.col("paid").sum(),
            largest_line=pl.col("paid").max(),
            known_at=pl.col("loaded_at").max(),
        )
        .collect()
    )
    spine = pl.concat(
        [per_day.lazy().select("customer_id", pl.col("day") + days) for days in (0, *WINDOWS)]
    ).unique()
    rows = (
        spine.join(per_day.lazy(), on=["customer_id", "day"], how="left")
        .sort("customer_id", "day")
        # Customers one after the other, a million days apart: no window reaches from one to the
        # next, and rolling over all at once is faster than customer by customer.
        .with_columns(
            (pl.col("customer_id").rle_id().cast(pl.Int64) * 1_000_000 + pl.col("day"))
            .set_sorted()
            .alias("line")
        )
        .collect()
    )
    columns = [rows.select("customer_id", "day")]
    for days in WINDOWS:
        columns.append(
            rows.rolling("line", period=f"{days}i", closed="right")
            .agg(
                pl.col("orders").sum().alias(f"orders_{days}d"),
                pl.col("spend").sum().alias(f"spend_{days}d"),
                pl.col("largest_line").max().alias(f"largest_line_{days}d"),
            )
            .drop("line")
        )
    # A row depends on the events that have just left its widest window too.
    columns.append(
        rows.rolling("line", period=f"{WINDOWS[-1]}i", closed="both")
        .agg(pl.col("known_at").max())
        .drop("line")
    )
    table = pl.concat(columns, how="horizontal").select(
        "customer_id",
        pl.col("day").cast(pl.Date).cast(pl.Datetime("us")).alias("feature_time"),
        pl.exclude("customer_id", "day"),
    )
    memory_seconds = clock.seconds()
    table.write_parquet(arguments.result)
    clock.stop()
    clock.report("polars", memory_seconds=memory_seconds)


if __name__ == "__main__":
    main()
