"""The benchmark of feature builds, full and incremental, against Polars and pandas."""
