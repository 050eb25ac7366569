"""The state of keys besides their features: type, TTL, and fields that are not features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import redis

from feature_store.online.connection.errors import code_of, command_error, reply_of
from feature_store.online.connection.online_store import OnlineStore
from feature_store.online.connection.round_trip import Commands, bulk
from feature_store.online.layout.types import FEATURE_TIME
from feature_store.registry.definitions import FeatureView

_NO_KEY, _NO_TTL = -2, -1


class KeyState(NamedTuple):
    """The state of a key.

    Attributes:
        size: fields of a hash, or bytes of a packed row; None where the key is of another type.
        ttl_ms: the milliseconds until it expires; -1 without a TTL, -2 if there is no such key.
    """

    size: int | None
    ttl_ms: int

    @property
    def exists(self) -> bool:
        """Whether there is such a key."""
        return self.ttl_ms != _NO_KEY

    @property
    def holds_row(self) -> bool:
        """Whether there is such a key, of the type in which rows are written."""
        return self.exists and self.size is not None


def key_states(store: OnlineStore, view: FeatureView, keys: Sequence[str]) -> list[KeyState]:
    """Read the state of keys, in one round trip.

    Raises:
        FeatureStoreError: the server replied with an error.
        redis.RedisError: the connection broke.
    """
    names = ("STRLEN" if view.layout == "packed" else "HLEN", "PTTL")

    def in_protocol() -> bytes:
        size, ttl = (f"*2\r\n{bulk(name)}" for name in names)
        return "".join([f"{size}{text}{ttl}{text}" for text in map(bulk, keys)]).encode()

    def in_words() -> Iterator[tuple[str, str]]:
        return ((name, key) for key in keys for name in names)

    replies = store.round_trip(Commands(in_words, in_protocol, 2 * len(keys)))
    states = []
    for key, size, ttl in zip(keys, replies[::2], replies[1::2], strict=True):
        for reply in (size, ttl):
            if isinstance(reply, redis.RedisError) and not is_wrong_type(reply):
                raise command_error(key, reply_of(reply)) from reply
        states.append(KeyState(None if isinstance(size, redis.RedisError) else size, ttl))
    return states


def is_wrong_type(error: BaseException | None) -> bool:
    """Return whether a server's error says that a key is of another type."""
    return isinstance(error, redis.ResponseError) and code_of(reply_of(error)) == "WRONGTYPE"


def ttl_error(view: FeatureView, state: KeyState) -> tuple[str, str] | None:
    """Return the expected and the actual TTL of a key; None where it is as exported."""
    if not state.exists:
        return None
    ttl = view.ttl_seconds
    expected = "no TTL" if ttl is None else f"{ttl} s"
    if state.ttl_ms == _NO_TTL:
        return None if ttl is None else (expected, "no TTL")
    is_longer = ttl is None or state.ttl_ms > 1000 * ttl
    return (expected, f"{state.ttl_ms / 1000:g} s") if is_longer else None


def foreign_fields(
    store: OnlineStore, view: FeatureView, keys: Sequence[str]
) -> dict[str, list[str]]:
    """Return, by key, the fields of hashes that are not features of the view.

    Raises:
        FeatureStoreError: the server replied with an error.
        redis.RedisError: the connection broke.
    """
    known = {feature.name for feature in view.features} | {FEATURE_TIME.name}
    names = zip(keys, _field_names(store, keys), strict=True)
    return {key: [name for name in fields if name not in known] for key, fields in names}


def _field_names(store: OnlineStore, keys: Sequence[str]) -> list[list[str]]:
    pipeline = store.client.pipeline(transaction=False)
    for key in keys:
        pipeline.hkeys(key)
    try:
        replies = pipeline.execute(raise_on_error=False)
    except UnicodeDecodeError:
        if len(keys) == 1:
            return [["a name that is not text"]]
        half = len(keys) // 2
        return [*_field_names(store, keys[:half]), *_field_names(store, keys[half:])]
    for key, reply in zip(keys, replies, strict=True):
        if isinstance(reply, redis.RedisError) and not is_wrong_type(reply):
            raise command_error(key, reply_of(reply)) from reply
    # A key that is not a hash any more was replaced since its fields were counted.
    return [[] if isinstance(reply, redis.RedisError) else reply for reply in replies]
