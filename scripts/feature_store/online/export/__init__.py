"""The export: served rows copied to the online store."""
