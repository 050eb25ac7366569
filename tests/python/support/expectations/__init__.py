"""Cases for the dbt_expectations stand-in: tables, arguments, and the failures they must find.

The counts of failures are those of the real package on the same rows.
"""

from support.expectations.aggregates import AGGREGATE_CASES
from support.expectations.case import Case
from support.expectations.rows import ROW_CASES

CASES: list[Case] = [*ROW_CASES, *AGGREGATE_CASES]

__all__ = ["CASES", "Case"]
