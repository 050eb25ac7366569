"""The warehouse: connections to the DuckDB file, SQL helpers, and readable errors."""
