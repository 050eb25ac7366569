"""The benchmark of feature builds: full ones against data frames, and what a day costs."""
