"""The benchmark of online stores: data, contenders, runs and report.

Contenders in other environments import :mod:`online_stores.measure`, which therefore needs nothing
but the standard library.
"""
