"""Reads features of entities from the online store, in one round trip."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import redis

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.errors import command_error, reply_of
from feature_store.online.connection.round_trip import Commands, packed_command, texts_of
from feature_store.online.layout.hash_decoder import Columns
from feature_store.online.read.arriving import ArrivingRows
from feature_store.online.read.entities import entity_rows
from feature_store.online.read.replies import PackedRows, ViewReplies, hash_columns
from feature_store.online.read.request import OnlineRequest
from feature_store.online.read.result import OnlineFeatures
from feature_store.registry.definitions import duration_seconds
from feature_store.registry.references import max_ages
from feature_store.times import as_utc, read_time

if TYPE_CHECKING:
    from feature_store.online.connection.online_store import AsyncOnlineStore, OnlineStore
    from feature_store.online.read.entities import Entities


def get_online_features(
    store: OnlineStore,
    request: OnlineRequest,
    entities: Entities,
    *,
    max_age: str | Mapping[str, str] | None = None,
    at: datetime | str | None = None,
) -> OnlineFeatures:
    """Read features of entities in one round trip, or one to each node of a Cluster.

    Where a packed row was written with an earlier schema of the view, that schema is read in a
    second one.

    Raises:
        FeatureStoreError: an entity without a key the views need, an id of another type, or a key
            or value in the store that another program wrote.
        redis.RedisError: the connection broke.
    """
    steps = _steps(request, entities, max_age, at)
    commands = next(steps)
    while True:
        replies = store.round_trip(commands)
        try:
            commands = steps.send(replies)
        except StopIteration as done:
            return done.value


async def get_online_features_async(
    store: AsyncOnlineStore,
    request: OnlineRequest,
    entities: Entities,
    *,
    max_age: str | Mapping[str, str] | None = None,
    at: datetime | str | None = None,
) -> OnlineFeatures:
    """Do as :func:`get_online_features` without blocking the event loop."""
    steps = _steps(request, entities, max_age, at)
    commands = next(steps)
    while True:
        replies = await store.round_trip(commands)
        try:
            commands = steps.send(replies)
        except StopIteration as done:
            return done.value


def _steps(
    request: OnlineRequest,
    entities: Entities,
    max_age: str | Mapping[str, str] | None,
    at: datetime | str | None,
) -> Generator[Commands, list[Any], OnlineFeatures]:
    """Yield the commands to send, take their replies, and return the result.

    A generator, so that the same steps work with and without ``asyncio``.
    """
    oldest = _oldest(request, max_age, at)
    given = entity_rows(entities)
    ids = request.ids(given)
    rows = ArrivingRows(request.views, len(given))
    replies = yield request.commands(ids, rows.progress)
    decoded = rows.finish(replies)
    if None in decoded:
        replies = texts_of(replies)
    columns: dict[str, Columns] = {}
    other_schemas: list[PackedRows] = []
    for number, (view, own, found) in enumerate(zip(request.views, ids, decoded, strict=True)):
        if found is not None:
            columns[view.label] = found
            continue
        one_by_one = ViewReplies(
            view, own, replies[number * len(given) : (number + 1) * len(given)]
        )
        if view.view.layout != "packed":
            columns[view.label] = hash_columns(one_by_one)
            continue
        packed = PackedRows(one_by_one)
        if packed.other_schemas:
            other_schemas.append(packed)
        else:
            columns[view.label] = packed.columns({})
    if other_schemas:
        replies = yield _schema_commands(other_schemas)
        for packed, reply in zip(other_schemas, replies, strict=True):
            view = packed.request
            if isinstance(reply, redis.RedisError):
                raise command_error(view.schemas_key, reply_of(reply)) from reply
            schemas = dict(zip(packed.other_schemas, reply, strict=True))
            columns[view.label] = packed.columns(schemas)
    return _result(request, given, columns, oldest)


def _schema_commands(rows: Sequence[PackedRows]) -> Commands:
    words = [("HMGET", one.request.schemas_key, *map(str, one.other_schemas)) for one in rows]
    return Commands(lambda: words, lambda: "".join(map(packed_command, words)).encode(), len(words))


def _oldest(
    request: OnlineRequest, max_age: str | Mapping[str, str] | None, at: datetime | str | None
) -> dict[str, datetime]:
    """Return, by view label, the earliest feature time that is not too old.

    As in the point-in-time join, features are too old where ``at - feature_time > max_age``.
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
                pass  # before the year 1: no feature is too old
    return oldest


def _time(at: Any) -> datetime:
    if isinstance(at, str):
        return read_time("at", at)
    if not isinstance(at, datetime) or at != at:  # pandas.NaT
        raise FeatureStoreError(
            f"at: {at!r} is not a valid time",
            allowed="a datetime, or text such as 2017-06-15T13:00:00Z",
        )
    return as_utc(datetime.fromisoformat(at.isoformat()))


def _result(
    request: OnlineRequest,
    given: list[dict[str, Any]],
    found: Mapping[str, Columns],
    oldest: Mapping[str, datetime],
) -> OnlineFeatures:
    values: dict[str, list[Any]] = {}
    times: dict[str, list[datetime | None]] = {}
    too_old: dict[str, list[bool]] = {}
    for view in request.views:
        label = view.label
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
