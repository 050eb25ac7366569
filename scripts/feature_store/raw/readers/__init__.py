"""Readers of raw files: CSV, JSON lines, Parquet."""
