"""The benchmark of the online store: exports and reads, against Feast and Redis's own limit."""
