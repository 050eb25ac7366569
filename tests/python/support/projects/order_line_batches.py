"""Changes of raw order lines between two runs, as SQL and as strategies of hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duckdb import DuckDBPyConnection as Connection
from hypothesis import strategies as st

from support.projects.cleaned_project import STARTS_AT, load_time

#: An order line: order, product, customer, quantity, dollars, hour of the order.
Line = tuple[int | None, int | None, int | None, int, float, int]
#: A kind of change, and its arguments.
Change = tuple[Any, ...]
HOURS = 6

_lines = st.tuples(
    st.sampled_from([1, 2, 3, None]),
    st.sampled_from([1, 2, None]),
    st.sampled_from([1, 2, 3, 4, 5, None]),
    st.sampled_from([1, 2, 0, 2000]),
    st.sampled_from([1.5, 2.0, -1.0]),
    st.integers(0, HOURS - 1),
)
_rows = st.integers(0, 30)  # the number of a raw row, modulo their count
_changes = st.one_of(
    # Content that is loaded again keeps its load time, so new rows may have an earlier one.
    st.tuples(st.just("new"), st.lists(_lines, min_size=1, max_size=4), st.sampled_from([0, 0, 3])),
    st.tuples(st.just("copy"), _rows),
    st.tuples(st.just("correct"), _rows, st.sampled_from([7.25, 1.5, -1.0])),
    st.tuples(
        st.just("replace"),
        st.integers(0, HOURS - 1),
        st.integers(1, 3),
        st.lists(_lines, max_size=2),
    ),
    st.tuples(st.just("erase"), st.integers(1, 5)),
    st.tuples(st.just("rewrite"), _rows, st.sampled_from([1, 2, 0])),
    st.tuples(st.just("swap"), _rows, _rows),
    st.tuples(st.just("renumber"), _rows),
    st.tuples(st.just("product"), st.integers(1, 2)),
)
#: Runs, each with the changes before it; sometimes there are none.
batches = st.lists(st.lists(_changes, max_size=3), min_size=1, max_size=6)


def apply_changes(connection: Connection, changes: Sequence[Change], load: int) -> None:
    """Change the raw tables; rows that are loaded get the time of that load."""
    for kind, *arguments in changes:
        _CHANGES[kind](connection, load, *arguments)


def _row(connection: Connection, number: int) -> int:
    """Return the ``_source_row`` of the n-th raw row; there may be none."""
    found = connection.execute(
        "select _source_row from raw.transactions order by all "
        "offset ? % greatest((select count(*) from raw.transactions), 1) limit 1",
        [number],
    ).fetchall()
    return found[0][0] if found else -1


def _insert(connection: Connection, load: int, rows: str, given: Any) -> None:
    """Insert the rows of a query as a load does: with row numbers of their own."""
    connection.execute(
        f"""
        insert into raw.transactions by name
        select
            * exclude (number) replace (? as _loaded_at, 'batch ' || ? as _batch_id, number + (
                select coalesce(max(_source_row), 0) from raw.transactions
            ) as _source_row)
        from (select *, row_number() over () as number from ({rows}))
        """,
        [load_time(load), load, *given],
    )


def _new(connection: Connection, load: int, lines: Sequence[Line], age: int = 0) -> None:
    for order, product, customer, quantity, dollars, hour in lines:
        _insert(
            connection,
            load - age,
            """
            select
                ? as basket_id, ? as product_id, ? as household_id, 1 as store_id, ? as quantity,
                ? as sales_value, 0 as retail_disc, 0 as coupon_disc, 0 as coupon_match_disc,
                23 as week, cast(? as timestamp) + to_hours(?) as transaction_timestamp,
                null as _loaded_at, 'lines.csv' as _source_file, null as _batch_id,
                null as _source_row
            """,
            [order, product, customer, quantity, dollars, STARTS_AT, hour],
        )


def _copy(connection: Connection, load: int, number: int) -> None:
    rows = "from raw.transactions where _source_row = ?"
    _insert(connection, load, rows, [_row(connection, number)])


def _correct(connection: Connection, load: int, number: int, dollars: float) -> None:
    rows = "select * replace (? as sales_value) from raw.transactions where _source_row = ?"
    _insert(connection, load, rows, [dollars, _row(connection, number)])


def _replace(
    connection: Connection, load: int, hour: int, hours: int, lines: Sequence[Line]
) -> None:
    connection.execute(
        "delete from raw.transactions where hour(transaction_timestamp) between ? and ?",
        [hour, hour + hours - 1],
    )
    _new(connection, load, [(*line[:5], hour) for line in lines])


def _erase(connection: Connection, load: int, customer: int) -> None:
    connection.execute("delete from raw.transactions where household_id = ?", [customer])


def _rewrite(connection: Connection, load: int, number: int, quantity: int) -> None:
    """Change a row in place: its load time and row number stay the same."""
    connection.execute(
        "update raw.transactions set quantity = ? where _source_row = ?",
        [quantity, _row(connection, number)],
    )


def _swap(connection: Connection, load: int, one: int, other: int) -> None:
    """Swap the quantities and orders of two rows."""
    rows = [_row(connection, one), _row(connection, other)]
    connection.execute(
        """
        update raw.transactions as here
        set quantity = there.quantity, basket_id = there.basket_id
        from raw.transactions as there
        where
            list_contains($rows, here._source_row) and list_contains($rows, there._source_row)
            and here._source_row <> there._source_row
        """,
        {"rows": rows},
    )


def _renumber(connection: Connection, load: int, number: int) -> None:
    """Give a row another row number, as the loader does once with rows of old tables."""
    connection.execute(
        "update raw.transactions set _source_row = (select max(_source_row) + 1 from "
        "raw.transactions) where _source_row = ?",
        [_row(connection, number)],
    )


def _product(connection: Connection, load: int, product: int) -> None:
    """Delete a product if it is there, otherwise insert it."""
    deleted = connection.execute(
        "delete from raw.products where product_id = ? returning product_id", [product]
    ).fetchall()
    if not deleted:
        connection.execute(
            "insert into raw.products (product_id, _loaded_at) values (?, ?)",
            [product, load_time(load)],
        )


_CHANGES = {
    "new": _new,
    "copy": _copy,
    "correct": _correct,
    "replace": _replace,
    "erase": _erase,
    "rewrite": _rewrite,
    "swap": _swap,
    "renumber": _renumber,
    "product": _product,
}
