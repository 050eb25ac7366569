"""Training sets: written with all that is needed to make them again, and verified."""
