"""The online store: how features stand in Redis, how they get there, how they are read."""
