"""The benchmark of point-in-time joins: data, runs, values and report.

Both contenders import :mod:`joins.measure`, which therefore needs nothing but the standard library.
"""
