"""The consistency check: the online store compared with the warehouse."""
