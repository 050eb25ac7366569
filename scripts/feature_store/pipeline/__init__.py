"""The pipeline: a refresh, a replay of many intervals, and the lock of a run."""
