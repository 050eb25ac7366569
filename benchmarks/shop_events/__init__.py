"""Generated transactions of the shop, as SQL and as Parquet files."""
