"""The warehouse: connections to the DuckDB file, SQL helpers, and errors in words."""
