"""The tables that the cases of the dbt_expectations stand-in test."""

from __future__ import annotations

# Amounts 1, 2, 3, 6: mean 3, sample standard deviation 2.16, median 2.5. One row of nulls.
_SALES = """
    select * from (values
        (1, 'a', 'AB-1', 1.0, 2.0, date '2017-01-01', true),
        (2, 'a', 'AB-2', 2.0, 2.0, date '2017-01-02', true),
        (3, 'b', 'AB-3', 3.0, 4.0, date '2017-01-03', false),
        (4, 'b', 'ab-4', 6.0, 7.0, date '2017-01-04', false),
        (5, null, null, null, null, null, null)
    ) as sales (sale_id, category, code, amount, price, sold_on, is_paid)
"""

#: The tables under test: a name, and the SQL of a dbt model.
MODELS = {
    "sales": _SALES,
    "empty_sales": f"{_SALES} where sale_id < 0",
    # (1, x) twice, (null, y) twice, (null, null) twice.
    "visits": """
        select * from (values
            (1, 'x', 1), (1, 'x', 2), (2, 'x', 3), (null, 'y', 4), (null, 'y', 5),
            (null, null, 6), (null, null, 7)
        ) as visits ("customer id", shop, visit_id)
    """,
}
