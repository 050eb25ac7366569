"""Queries that write rows as commands in the bytes of the Redis protocol.

Python would spend most of an export on formatting. Here DuckDB makes the commands that write one
entity's row with one expression, so Python only moves buffers. The number of reply lines of each
row is known beforehand, which is enough to check the replies.

Each query has the columns ``commands`` (varchar), ``reply_lines`` (integer) and ``hash_tags``
(varchar), from which a Redis Cluster computes the slot.
"""

from __future__ import annotations

from dataclasses import dataclass

from feature_store.online.connection.round_trip import bulk
from feature_store.online.layout.keys import KeySpace, hash_tag_sql
from feature_store.online.layout.packed import row_sql
from feature_store.online.layout.types import FEATURE_TIME, text_sql
from feature_store.registry.definitions import FeatureView
from feature_store.warehouse.sql import identifier


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return "e'" + escaped.replace("\r", "\\r").replace("\n", "\\n") + "'"


def _bulk(text: str) -> str:
    return _literal(bulk(text))


_LINE_END = _literal("\r\n")


def _bulk_sql(column: str) -> str:
    """Return the arguments of ``concat()`` that write a varchar column as one bulk string."""
    return f"'$', strlen({column}), {_LINE_END}, {column}, {_LINE_END}"


def _command(name: str, *arguments: str) -> str:
    """Return a whole command, or its beginning, as the arguments of ``concat()``.

    Each of the arguments is SQL: the arguments of ``concat()`` for one bulk string.
    """
    head = _literal(f"*{len(arguments) + 1}\r\n{bulk(name)}")
    return ", ".join([head, *arguments])


_KEY = _bulk_sql("_key")


@dataclass(frozen=True)
class KeysBefore:
    """What the keys of a view may hold before rows are written to them.

    Attributes:
        nothing: there is no such key yet.
        only_rows: they hold rows of this view in this layout; otherwise anything.
        may_have_ttl: they may have a TTL.
    """

    nothing: bool = False
    only_rows: bool = True
    may_have_ttl: bool = True


def row_commands_sql(
    keys: KeySpace, view: FeatureView, rows: str, before: KeysBefore = KeysBefore()
) -> str:
    """Return the query of the commands that write rows in the view's layout.

    ``rows`` is the query of the entity, ``feature_time`` and the features. The less is known of the
    keys before, the more commands are needed.
    """
    if view.layout == "packed":
        return _packed_sql(keys, view, rows)
    return _hash_sql(keys, view, rows, before)


def _packed_sql(keys: KeySpace, view: FeatureView, rows: str) -> str:
    """SET replaces whatever the key held, and its TTL."""
    ttl = (_bulk("EX"), _bulk(str(view.ttl_seconds))) if view.ttl_seconds else ()
    command = _command("SET", _KEY, _bulk_sql("_row"), *ttl)
    return f"""
    with packed as (
        select
            {keys.entity_sql(view)} as _key,
            {hash_tag_sql(view)} as hash_tags,
            {row_sql(view)} as _row
        from ({rows})
    )
    select concat({command}) as commands, 1 as reply_lines, hash_tags
    from packed"""


def _hash_sql(keys: KeySpace, view: FeatureView, rows: str, before: KeysBefore) -> str:
    """HSET sets the values that are not null, and EXPIRE (or PERSIST) the TTL."""
    columns = [(feature, identifier(feature.name)) for feature in view.features]
    columns.append((FEATURE_TIME, "feature_time"))
    texts = [
        f"{text_sql(feature, column)} as _text_{n}" for n, (feature, column) in enumerate(columns)
    ]
    nulls = " + ".join(f"(_text_{n} is null)::integer" for n in range(len(view.features)))
    commands, lines = _with_removal(view, _hash_commands(view, before), before)
    written = ",\n            ".join(commands)
    return f"""
    with texts as (
        select
            {keys.entity_sql(view)} as _key,
            {hash_tag_sql(view)} as hash_tags,
            {", ".join(texts)}
        from ({rows})
    ),
    counted as (
        select *, {nulls or "0"} as _nulls from texts
    )
    select
        concat(
            {written}
        ) as commands,
        {lines} as reply_lines,
        hash_tags
    from counted"""


def _hash_commands(view: FeatureView, before: KeysBefore) -> list[str]:
    """Return the commands that set a hash and its TTL, each as the arguments of ``concat()``."""
    names = [*(feature.name for feature in view.features), FEATURE_TIME.name]
    pairs = ",\n            ".join(
        f"case when _text_{n} is not null then concat({_bulk(name)}, {_bulk_sql(f'_text_{n}')}) end"
        for n, name in enumerate(names)
    )
    commands = [
        f"'*', 2 * ({len(names)} - _nulls) + 2, {_LINE_END}, {_bulk('HSET')}, {_KEY},\n"
        f"            {pairs}"
    ]
    if view.ttl_seconds is not None:
        commands.append(_command("EXPIRE", _KEY, _bulk(str(view.ttl_seconds))))
    elif before.may_have_ttl and before.only_rows and not before.nothing:
        commands.append(_command("PERSIST", _KEY))
    return commands


def _with_removal(
    view: FeatureView, commands: list[str], before: KeysBefore
) -> tuple[list[str], str]:
    """Add the removal of earlier values; return all commands, and the SQL of their reply lines.

    Where a feature is null its field is removed by HDEL, and where a key may hold anything it is
    deleted first; both in one transaction with the rest, so that no reader gets a mixture.
    """
    lines = str(len(commands))
    if not before.only_rows:
        commands = [_command("DEL", _KEY), *commands]
        lines = str(_transaction_lines(len(commands)))
        return [_command("MULTI"), *commands, _command("EXEC")], lines
    if before.nothing:
        return commands, lines
    removed = "".join(
        f",\n                case when _text_{n} is null then {_bulk(feature.name)} end"
        for n, feature in enumerate(view.features)
    )
    hdel = f"'*', _nulls + 2, {_LINE_END}, {_bulk('HDEL')}, {_KEY}{removed}"
    lines = f"case when _nulls > 0 then {_transaction_lines(len(commands) + 1)} else {lines} end"
    first, *others = commands
    return [
        *(_if_nulls(_command("MULTI")), first),
        *(_if_nulls(hdel), *others),
        _if_nulls(_command("EXEC")),
    ], lines


def _transaction_lines(commands: int) -> int:
    """Return the lines of the replies to MULTI, its commands and EXEC.

    They are OK, QUEUED for each, the head of EXEC's array and the reply of each.
    """
    return 2 + 2 * commands


def _if_nulls(arguments: str) -> str:
    """Return the argument of ``concat()`` that writes something where a row has nulls."""
    return f"case when _nulls > 0 then concat({arguments}) end"


def delete_commands_sql(keys: KeySpace, view: FeatureView, entities: str) -> str:
    """Return the query of the commands that delete the keys of entities.

    ``entities`` is the query of their key columns.
    """
    return f"""
    with removed as (
        select
            {keys.entity_sql(view)} as _key,
            {hash_tag_sql(view)} as hash_tags
        from ({entities})
    )
    select concat({_command("DEL", _KEY)}) as commands, 1 as reply_lines, hash_tags
    from removed"""
