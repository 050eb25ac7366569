"""Point-in-time joins: features as of the time of each row of a spine."""
