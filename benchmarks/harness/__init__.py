"""The harness that all benchmarks share: processes, repeated runs, measurements and reports."""
