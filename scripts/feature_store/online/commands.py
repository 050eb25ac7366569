"""The bytes of the Redis protocol, written by DuckDB.

Python would spend most of an export on formatting. Here one SQL expression a row makes the commands
that set one entity's hash, so Python only moves buffers. How many lines the server answers is known
for each row beforehand, which is all that is needed to check the replies.
"""

from __future__ import annotations

from feature_store.definitions import FeatureView
from feature_store.online.keys import entity_key_sql
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


def commands_sql(prefix: str, view: FeatureView) -> str:
    """Return a query with one row per entity: its commands as text, and the reply's lines.

    HSET sets what is not null and EXPIRE (or PERSIST) the key's life. Where a feature is null its
    field is removed by HDEL in one transaction with the rest, so that no reader meets a mixture.

    The query reads the current rows of the view's served snapshot. Columns: ``commands`` (varchar),
    ``reply_lines`` (integer).

    Raises:
        FeatureStoreError: a column is of a type that cannot be served.
    """
    columns = [(feature, identifier(feature.name)) for feature in view.features]
    columns.append((FEATURE_TIME, "feature_time"))
    texts = [
        f"{text_sql(feature, column)} as _text_{n}" for n, (feature, column) in enumerate(columns)
    ]
    names = [feature.name for feature, _ in columns]
    nullable = range(len(view.features))  # the feature time never is
    nulls = " + ".join(f"(_text_{n} is null)::integer" for n in nullable) or "0"
    key = _bulk_sql("_key")
    pairs = ",\n            ".join(
        f"case when _text_{n} is not null then "
        f"concat({_literal(_bulk(name))}, {_bulk_sql(f'_text_{n}')}) end"
        for n, name in enumerate(names)
    )
    removed = "".join(
        f",\n                case when _text_{n} is null then {_literal(_bulk(names[n]))} end"
        for n in nullable
    )
    if view.ttl_seconds is None:
        life = _command("PERSIST", key)
    else:
        life = _command("EXPIRE", key, _literal(_bulk(str(view.ttl_seconds))))
    return f"""
    with texts as (
        select
            {entity_key_sql(prefix, view)} as _key,
            {", ".join(texts)}
        from {view.served_relation}
        where dbt_valid_to is null
    ),
    counted as (
        select *, {nulls} as _nulls from texts
    )
    select
        concat(
            case when _nulls > 0 then {_command("MULTI")} end,
            '*', 2 * ({len(names)} - _nulls) + 2, {_LINE_END}, {_literal(_bulk("HSET"))}, {key},
            {pairs},
            case when _nulls > 0 then concat(
                '*', _nulls + 2, {_LINE_END}, {_literal(_bulk("HDEL"))}, {key}{removed}
            ) end,
            {life},
            case when _nulls > 0 then {_command("EXEC")} end
        ) as commands,
        -- MULTI, three times QUEUED, EXEC's array and its three replies.
        case when _nulls > 0 then 8 else 2 end as reply_lines
    from counted"""
