"""The bytes of the Redis protocol, written by DuckDB.

Python would spend most of an export on formatting. Here one SQL expression a row makes the commands
that write one entity's row, so Python only moves buffers. How many lines the server answers is
known for each row beforehand, which is all that is needed to check the replies.

Each query has the columns ``commands`` (varchar), ``reply_lines`` (integer) and ``hash_tags``
(varchar), what a Redis Cluster chooses the slot by.
"""

from __future__ import annotations

from feature_store.definitions import FeatureView
from feature_store.online.keys import entity_key_sql, hash_tag_sql
from feature_store.online.packed import row_sql
from feature_store.online.values import FEATURE_TIME, text_sql
from feature_store.raw.sql import identifier


def _literal(text: str) -> str:
    """Return a SQL literal of a text that may hold the protocol's line ends."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return "e'" + escaped.replace("\r", "\\r").replace("\n", "\\n") + "'"


def _bulk(text: str) -> str:
    return f"${len(text.encode())}\r\n{text}\r\n"


_LINE_END = _literal("\r\n")


def _bulk_sql(column: str) -> str:
    """Return the arguments of ``concat()`` that write a varchar column as one bulk string."""
    return f"'$', strlen({column}), {_LINE_END}, {column}, {_LINE_END}"


def _command(name: str, *arguments: str) -> str:
    """Return a whole command, or its beginning, as the arguments of ``concat()``.

    Args:
        name: the command.
        arguments: SQL, each the arguments of ``concat()`` for one bulk string.
    """
    head = _literal(f"*{len(arguments) + 1}\r\n" + _bulk(name))
    return ", ".join([head, *arguments])


_KEY = _bulk_sql("_key")


def _life(view: FeatureView) -> str:
    """Return the command that sets how long a key lives."""
    if view.ttl_seconds is None:
        return _command("PERSIST", _KEY)
    return _command("EXPIRE", _KEY, _literal(_bulk(str(view.ttl_seconds))))


def row_commands_sql(prefix: str, view: FeatureView, rows: str, *, replace: bool = False) -> str:
    """Return the query of the commands that write rows in the view's layout.

    Args:
        prefix: first part of every key.
        view: the feature view.
        rows: the query of the rows to write: the entity, ``feature_time`` and the features.
        replace: remove whatever else a key may hold: fields that are no features any more, or a row
            in the other layout. It costs two commands a row.

    Raises:
        FeatureStoreError: a column is of a type that cannot be served.
    """
    if view.layout == "packed":
        return _packed_sql(prefix, view, rows)
    return _hash_sql(prefix, view, rows, replace)


def _packed_sql(prefix: str, view: FeatureView, rows: str) -> str:
    """SET replaces whatever the key held, its life too."""
    life = [_literal(_bulk(word)) for word in ("EX", str(view.ttl_seconds))]
    command = _command("SET", _KEY, _bulk_sql("_row"), *(life if view.ttl_seconds else ()))
    return f"""
    with packed as (
        select
            {entity_key_sql(prefix, view)} as _key,
            {hash_tag_sql(view)} as hash_tags,
            {row_sql(view)} as _row
        from ({rows})
    )
    select concat({command}) as commands, 1 as reply_lines, hash_tags
    from packed"""


def _hash_sql(prefix: str, view: FeatureView, rows: str, replace: bool) -> str:
    """HSET sets what is not null and EXPIRE (or PERSIST) the key's life.

    Where a feature is null its field is removed by HDEL in one transaction with the rest, so that
    no reader meets a mixture.
    """
    columns = [(feature, identifier(feature.name)) for feature in view.features]
    columns.append((FEATURE_TIME, "feature_time"))
    texts = [
        f"{text_sql(feature, column)} as _text_{n}" for n, (feature, column) in enumerate(columns)
    ]
    names = [feature.name for feature, _ in columns]
    nullable = range(len(view.features))  # the feature time never is
    nulls = " + ".join(f"(_text_{n} is null)::integer" for n in nullable) or "0"
    pairs = ",\n            ".join(
        f"case when _text_{n} is not null then "
        f"concat({_literal(_bulk(name))}, {_bulk_sql(f'_text_{n}')}) end"
        for n, name in enumerate(names)
    )
    removed = "".join(
        f",\n                case when _text_{n} is null then {_literal(_bulk(names[n]))} end"
        for n in nullable
    )
    if replace:
        first, last = _command("MULTI") + ", " + _command("DEL", _KEY), _command("EXEC")
        middle, lines = "''", "8"
    else:
        first = f"case when _nulls > 0 then {_command('MULTI')} end"
        middle = (
            f"case when _nulls > 0 then concat('*', _nulls + 2, {_LINE_END}, "
            f"{_literal(_bulk('HDEL'))}, {_KEY}{removed}\n            ) end"
        )
        last = f"case when _nulls > 0 then {_command('EXEC')} end"
        lines = "case when _nulls > 0 then 8 else 2 end"
    return f"""
    with texts as (
        select
            {entity_key_sql(prefix, view)} as _key,
            {hash_tag_sql(view)} as hash_tags,
            {", ".join(texts)}
        from ({rows})
    ),
    counted as (
        select *, {nulls} as _nulls from texts
    )
    select
        concat(
            {first},
            '*', 2 * ({len(names)} - _nulls) + 2, {_LINE_END}, {_literal(_bulk("HSET"))}, {_KEY},
            {pairs},
            {middle},
            {_life(view)},
            {last}
        ) as commands,
        -- In a transaction: MULTI, three times QUEUED, EXEC's array and its three replies.
        {lines} as reply_lines,
        hash_tags
    from counted"""


def delete_commands_sql(prefix: str, view: FeatureView, entities: str) -> str:
    """Return the query of the commands that delete the keys of entities.

    Args:
        prefix: first part of every key.
        view: the feature view.
        entities: the query of the entities: their key columns.
    """
    return f"""
    with departed as (
        select
            {entity_key_sql(prefix, view)} as _key,
            {hash_tag_sql(view)} as hash_tags
        from ({entities})
    )
    select concat({_command("DEL", _KEY)}) as commands, 1 as reply_lines, hash_tags
    from departed"""
