"""Reading features back: every key in one round trip, every value in its type."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import redis

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.cluster import pipelined, pipelined_async
from feature_store.online.connection.errors import refusal, reply_of
from feature_store.online.connection.round_trip import bulk, exchange, exchange_async
from feature_store.online.layout.packed import schema_key
from feature_store.online.read.entities import entity_rows
from feature_store.online.read.replies import Columns, PackedRows, ViewReplies, hash_columns
from feature_store.online.read.request import Request, resolve_request
from feature_store.online.read.result import OnlineFeatures
from feature_store.registry.definitions import FeatureDefinitions, duration_seconds
from feature_store.registry.references import max_ages
from feature_store.times import as_utc, read_time

if TYPE_CHECKING:
    import redis.asyncio

    from feature_store.online.read.entities import Entities

__all__ = ["OnlineFeatures", "get_online_features", "get_online_features_async"]


class _Commands(NamedTuple):
    """Commands to send: word by word for a Cluster, else in the protocol's own form."""

    words: Callable[[], Iterable[tuple[str, ...]]]
    packed: Callable[[], bytes]
    awaited: int


def get_online_features(
    client: redis.Redis | redis.RedisCluster,
    prefix: str,
    definitions: FeatureDefinitions,
    entities: Entities,
    features: Sequence[str] | str,
    *,
    max_age: str | Mapping[str, str] | None = None,
    at: datetime | str | None = None,
) -> OnlineFeatures:
    """Read features of entities in one round trip, or one to each node of a Cluster.

    Where a packed row was written with another schema than the view has now, that schema is read
    in a second one.

    Args:
        client: the online store, with ``decode_responses``.
        prefix: first part of every key.
        definitions: the project's feature views.
        entities: one mapping of key column to id a row, such as ``{"customer_id": 1029}``, or a
            pandas or Arrow table.
        features: references such as ``customer_purchases:spend_28d``, ``customer_purchases:v1:…``,
            or ``customer_purchases`` for the whole view; or the name of a feature service.
        max_age: duration such as ``28d``, for all views or by view name: features that are older
            at the time ``at`` are null.
        at: that time, by default now; without a zone it is UTC.

    Raises:
        FeatureStoreError: an unknown view or feature, an entity without a key the views need, an
            id of another type, or a key or value in the store that another program wrote.
        redis.RedisError: the connection broke.
    """
    steps = _steps(prefix, definitions, entities, features, max_age, at)
    commands = next(steps)
    while True:
        if isinstance(client, redis.RedisCluster):
            replies = pipelined(client, commands.words())
        else:
            replies = exchange(client, commands.packed(), commands.awaited)
        try:
            commands = steps.send(replies)
        except StopIteration as done:
            return done.value


async def get_online_features_async(
    client: redis.asyncio.Redis | redis.asyncio.RedisCluster,
    prefix: str,
    definitions: FeatureDefinitions,
    entities: Entities,
    features: Sequence[str] | str,
    *,
    max_age: str | Mapping[str, str] | None = None,
    at: datetime | str | None = None,
) -> OnlineFeatures:
    """Do as :func:`get_online_features` without blocking the event loop."""
    from redis.asyncio import RedisCluster

    steps = _steps(prefix, definitions, entities, features, max_age, at)
    commands = next(steps)
    while True:
        if isinstance(client, RedisCluster):
            replies = await pipelined_async(client, commands.words())
        else:
            replies = await exchange_async(client, commands.packed(), commands.awaited)
        try:
            commands = steps.send(replies)
        except StopIteration as done:
            return done.value


def _steps(
    prefix: str,
    definitions: FeatureDefinitions,
    entities: Entities,
    features: Sequence[str] | str,
    max_age: str | Mapping[str, str] | None,
    at: datetime | str | None,
) -> Generator[_Commands, list[Any], OnlineFeatures]:
    """Yield the commands to send, take their replies, and return the answer."""
    request = resolve_request(definitions, prefix, features)
    oldest = _oldest(request, max_age, at)
    given = entity_rows(entities)
    ids = request.ids(given)
    replies = yield _Commands(
        partial(request.commands, ids),
        partial(request.packed_commands, ids),
        len(given) * len(request.views),
    )
    found: dict[str, Columns] = {}
    unread: list[tuple[str, PackedRows]] = []
    wanted: list[tuple[str, ...]] = []
    for number, (view, own) in enumerate(zip(request.views, ids, strict=True)):
        label = view.view.label
        part = replies[number * len(given) : (number + 1) * len(given)]
        rows = ViewReplies(view, own, part)
        if view.view.layout != "packed":
            found[label] = hash_columns(rows)
            continue
        packed = PackedRows(rows)
        if packed.other_schemas:
            unread.append((label, packed))
            key = schema_key(prefix, view.view)
            wanted.append(("HMGET", key, *map(str, packed.other_schemas)))
        else:
            found[label] = packed.columns({})
    if wanted:
        replies = yield _Commands(lambda: wanted, lambda: _packed(wanted), len(wanted))
        for (label, packed), (_, key, *_), reply in zip(unread, wanted, replies, strict=True):
            if isinstance(reply, redis.RedisError):
                raise refusal(key, reply_of(reply)) from reply
            found[label] = packed.columns(dict(zip(packed.other_schemas, reply, strict=True)))
    return _answer(request, given, found, oldest)


def _packed(commands: Sequence[tuple[str, ...]]) -> bytes:
    return "".join(
        f"*{len(command)}\r\n" + "".join(map(bulk, command)) for command in commands
    ).encode()


def _oldest(
    request: Request, max_age: str | Mapping[str, str] | None, at: datetime | str | None
) -> dict[str, datetime]:
    """Return, by view label, the earliest feature time that is not too old.

    That ``at - feature_time <= max_age`` is the rule of the point-in-time join.
    """
    if at is not None:
        at = _time(at)
    if max_age is None:
        return {}
    views = [view.view for view in request.views]
    ages = max_ages((view.name for view in views), max_age)
    now = at or datetime.now(UTC)
    oldest = {}
    for view in views:
        if view.name in ages:
            try:
                age = timedelta(seconds=duration_seconds(ages[view.name]))
                oldest[view.label] = now - age
            except OverflowError:
                pass  # before the year 1: nothing is too old
    return oldest


def _time(at: Any) -> datetime:
    if isinstance(at, str):
        return read_time("at", at)
    if not isinstance(at, datetime) or at != at:  # pandas has a time that is none
        raise FeatureStoreError(
            f"at: {at!r} is no time", allowed="a datetime, or text such as 2017-06-15T13:00:00Z"
        )
    return as_utc(datetime.fromisoformat(at.isoformat()))


def _answer(
    request: Request,
    given: list[dict[str, Any]],
    found: Mapping[str, Columns],
    oldest: Mapping[str, datetime],
) -> OnlineFeatures:
    values: dict[str, list[Any]] = {}
    times: dict[str, list[datetime | None]] = {}
    too_old: dict[str, list[bool]] = {}
    for view in request.views:
        label = view.view.label
        times[label], columns = found[label]
        if label in oldest:
            limit = oldest[label]
            old = [time is not None and time < limit for time in times[label]]
            if any(old):
                too_old[label] = old
                columns = [
                    [None if is_old else value for value, is_old in zip(column, old, strict=True)]
                    for column in columns
                ]
        values.update(zip(view.references, columns, strict=True))
    return OnlineFeatures(given, request.columns, values, times, too_old)
