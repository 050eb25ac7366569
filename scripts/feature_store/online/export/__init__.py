"""Exports served rows to the online store."""
