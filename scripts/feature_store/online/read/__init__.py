"""Reading features from the online store."""
