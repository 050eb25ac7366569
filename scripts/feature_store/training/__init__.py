"""Training sets: built with the metadata to build them again, verified, and encoded."""
