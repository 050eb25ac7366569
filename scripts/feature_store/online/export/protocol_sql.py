"""The bytes of the Redis protocol, written by DuckDB.

Python would spend most of an export on formatting. Here one SQL expression a row makes the commands
that write one entity's row, so Python only moves buffers. How many lines the server answers is
known for each row beforehand, which is all that is needed to check the replies.

Each query has the columns ``commands`` (varchar), ``reply_lines`` (integer) and ``hash_tags``
(varchar), what a Redis Cluster chooses the slot by.
"""

from __future__ import annotations

from dataclasses import dataclass

from feature_store.online.layout.keys import entity_key_sql, hash_tag_sql
from feature_store.online.layout.packed import row_sql
from feature_store.online.layout.types import FEATURE_TIME, text_sql
from feature_store.registry.definitions import FeatureView
from feature_store.warehouse.sql import identifier


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


@dataclass(frozen=True)
class KeysBefore:
    """What the keys of a view may hold before rows are written to them.

    Attributes:
        nothing: there is no such key yet.
        only_rows: they hold rows of this view in this layout; otherwise anything.
        lives: they may have a life of their own.
    """

    nothing: bool = False
    only_rows: bool = True
    lives: bool = True


def row_commands_sql(
    prefix: str, view: FeatureView, rows: str, before: KeysBefore = KeysBefore()
) -> str:
    """Return the query of the commands that write rows in the view's layout.

    Args:
        prefix: first part of every key.
        view: the feature view.
        rows: the query of the rows to write: the entity, ``feature_time`` and the features.
        before: what the keys may hold; the less is known of them, the more commands it takes.

    Raises:
        FeatureStoreError: a column is of a type that cannot be served.
    """
    if view.layout == "packed":
        return _packed_sql(prefix, view, rows)
    return _hash_sql(prefix, view, rows, before)


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


def _hash_sql(prefix: str, view: FeatureView, rows: str, before: KeysBefore) -> str:
    """HSET sets what is not null, and EXPIRE (or PERSIST) the key's life.

    Where a feature is null its field is removed by HDEL, and where a key may hold anything it is
    deleted first; both in one transaction with the rest, so that no reader meets a mixture.
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
    commands = [
        f"'*', 2 * ({len(names)} - _nulls) + 2, {_LINE_END}, {_literal(_bulk('HSET'))}, {_KEY},\n"
        f"            {pairs}"
    ]
    if view.ttl_seconds is not None:
        commands.append(_command("EXPIRE", _KEY, _literal(_bulk(str(view.ttl_seconds)))))
    elif before.lives and before.only_rows and not before.nothing:
        commands.append(_command("PERSIST", _KEY))
    lines = str(len(commands))
    if not before.only_rows:
        commands.insert(0, _command("DEL", _KEY))
        commands = [_command("MULTI"), *commands, _command("EXEC")]
        lines = str(_transaction_lines(len(commands) - 2))
    elif not before.nothing:
        hdel = f"'*', _nulls + 2, {_LINE_END}, {_literal(_bulk('HDEL'))}, {_KEY}{removed}"
        lines = (
            f"case when _nulls > 0 then {_transaction_lines(len(commands) + 1)} else {lines} end"
        )
        commands.insert(1, _if_nulls(hdel))
        commands = [_if_nulls(_command("MULTI")), *commands, _if_nulls(_command("EXEC"))]
    written = ",\n            ".join(commands)
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
            {written}
        ) as commands,
        {lines} as reply_lines,
        hash_tags
    from counted"""


def _transaction_lines(commands: int) -> int:
    """Return the lines of the replies to MULTI, its commands and EXEC.

    They are OK, QUEUED for each, the head of EXEC's array and the reply of each.
    """
    return 2 + 2 * commands


def _if_nulls(arguments: str) -> str:
    """Return the argument of ``concat()`` that writes something where a row has nulls."""
    return f"case when _nulls > 0 then concat({arguments}) end"


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
