"""The online store: Redis keys and values, connections, the export, reads, the check."""
