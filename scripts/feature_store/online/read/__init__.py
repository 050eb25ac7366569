"""Reads features from the online store."""
