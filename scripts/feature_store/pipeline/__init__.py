"""The pipeline: one refresh, a replay of many, and the lock that lets one run at a time."""
