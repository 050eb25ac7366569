"""Exact conversions of file values to declared column types, as SQL."""
