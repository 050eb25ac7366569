"""Large batches of pseudo-random events, made by SQL."""

from __future__ import annotations

import duckdb

from support.projects.feature_view_declarations import EVENT_COLUMNS
from support.projects.incremental_batches import load_time

#: SQL of each column, from an event's number `line` and the hash `h` of this number and the batch.
_VALUES = {
    "customer_id": "nullif(h % {entities}, 0)",
    "store_id": "nullif(h // 7 % 5, 0)",
    "shop": "list_extract(['a', 'a|b', 'b''c', 'd\"e', ''], 1 + h // 11 % 6)",
    "line": "line",
    "order_id": "h // 13 % 50",
    "product_id": "h // 17 % 3",
    "word": "list_extract(['a', 'b', 'B', 'ä'], 1 + h // 19 % 5)",
    "quantity": "nullif(h // 23 % 5, 4)",
    "amount": "nullif(h // 29 % 1000, 0) / 100",
    "price": "(h // 31 % 2000 - 1000) / 8",
    "is_gift": "list_extract([true, false], 1 + h // 37 % 3)",
    "ordered_at": "time",
    "ordered_at_zone": "cast(time as timestamptz)",
    "ordered_on": "cast(time as date)",
    "loaded_at": "timestamp '{loaded_at}'",
}


def load_batch(
    connection: duckdb.DuckDBPyConnection, number: int, events: int, entities: int = 5
) -> None:
    """Load a batch of events in the 60 days around 1970; from the second on, change others, too.

    ``entities`` is the number of customers, null among them.
    """
    if number == 0:
        columns = ", ".join(f"{name} {sql_type}" for name, sql_type in EVENT_COLUMNS.items())
        connection.execute(f"create or replace table raw_events ({columns})")
    values = ", ".join(_VALUES.values()).format(entities=entities, loaded_at=load_time(number))
    connection.execute(
        f"""
        insert into raw_events
        select {values}
        from (
            select
                line,
                h,
                case
                    when h // 41 % 50 = 0 then null
                    -- whole hours and days, too
                    else make_timestamp((h // 43 % 1440 - 720) * 3600000000 + h // 47 % 3 * 1000000)
                end as time
            from (
                select line, cast(hash(line, {number}) >> 2 as bigint) as h
                from range({number} * {events}, ({number} + 1) * {events}) as lines (line)
            )
        )
        """
    )
    if number:
        some = f"cast(hash(line, {number}) >> 2 as bigint) % 400"
        connection.execute(f"delete from raw_events where {some} < 20 and line % 2 = 0")
        connection.execute(f"update raw_events set amount = 7.77 where {some} between 20 and 30")
        connection.execute(f"update raw_events set loaded_at = null where {some} = 31")
        connection.execute(f"insert into raw_events from raw_events where {some} = 32")
        # All of a customer.
        connection.execute(f"delete from raw_events where customer_id = {number}")
