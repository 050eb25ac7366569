"""The benchmark of point-in-time joins, against Feast."""
