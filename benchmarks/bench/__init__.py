"""What the benchmarks share: processes and their scratch folder, measuring, reports.

Contenders in other environments import :mod:`bench.measure`, which therefore needs nothing but the
standard library.
"""
