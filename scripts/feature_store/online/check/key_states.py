"""What stands under a key besides the features: its type, foreign fields, how long it lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import redis
from redis.cluster import RedisCluster

from feature_store.online.connection.cluster import pipelined
from feature_store.online.connection.errors import code_of, refusal, reply_of
from feature_store.online.connection.round_trip import bulk, exchange
from feature_store.online.layout.types import FEATURE_TIME
from feature_store.registry.definitions import FeatureView

_ABSENT, _FOREVER = -2, -1


class KeyState(NamedTuple):
    """What a server says of a key.

    Attributes:
        size: fields of a hash, or bytes of a packed row; None where the key is of another type.
        life: milliseconds that it has to live, -1 for ever, -2 where there is no such key.
    """

    size: int | None
    life: int

    @property
    def exists(self) -> bool:
        """Whether there is such a key."""
        return self.life != _ABSENT

    @property
    def holds_row(self) -> bool:
        """Whether there is such a key, of the type in which rows are written."""
        return self.exists and self.size is not None


def key_states(
    client: redis.Redis | RedisCluster, view: FeatureView, keys: Sequence[str]
) -> list[KeyState]:
    """Ask for the state of keys, in one round trip.

    Raises:
        FeatureStoreError: the server refused a command.
        redis.RedisError: the connection broke.
    """
    size_of = "STRLEN" if view.layout == "packed" else "HLEN"
    if isinstance(client, RedisCluster):
        commands = ((command, key) for key in keys for command in (size_of, "PTTL"))
        replies = pipelined(client, commands)
    else:
        size, life = (f"*2\r\n{bulk(command)}" for command in (size_of, "PTTL"))
        packed = "".join(f"{size}{text}{life}{text}" for text in map(bulk, keys))
        replies = exchange(client, packed.encode(), 2 * len(keys))
    states = []
    for key, size, life in zip(keys, replies[::2], replies[1::2], strict=True):
        for reply in (size, life):
            if isinstance(reply, redis.RedisError) and not is_wrong_type(reply):
                raise refusal(key, reply_of(reply)) from reply
        states.append(KeyState(None if isinstance(size, redis.RedisError) else size, life))
    return states


def is_wrong_type(error: BaseException | None) -> bool:
    """Return whether a server's refusal says that a key is of another type."""
    return isinstance(error, redis.ResponseError) and code_of(reply_of(error)) == "WRONGTYPE"


def life_fault(view: FeatureView, state: KeyState) -> tuple[str, str] | None:
    """Return how long a key should live and how long it does, where the export would not do so."""
    if not state.exists:
        return None
    ttl = view.ttl_seconds
    if ttl is None:
        return None if state.life == _FOREVER else ("without end", f"{state.life / 1000:g} s")
    if state.life == _FOREVER:
        return f"{ttl} s", "without end"
    return (f"{ttl} s", f"{state.life / 1000:g} s") if state.life > 1000 * ttl else None


def foreign_fields(
    client: redis.Redis | RedisCluster, view: FeatureView, keys: Sequence[str]
) -> dict[str, list[str]]:
    """Return, by key, the fields of hashes that are no features of the view.

    Raises:
        redis.RedisError: the server refused, or the connection broke.
    """
    known = {feature.name for feature in view.features} | {FEATURE_TIME.name}
    found = {}
    for key, names in zip(keys, _field_names(client, keys), strict=True):
        found[key] = [name for name in names if name not in known]
    return found


def _field_names(client: redis.Redis | RedisCluster, keys: Sequence[str]) -> list[list[str]]:
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.hkeys(key)
    try:
        replies = pipeline.execute(raise_on_error=False)
    except UnicodeDecodeError:
        if len(keys) == 1:
            return [["what is no text"]]
        half = len(keys) // 2
        return [*_field_names(client, keys[:half]), *_field_names(client, keys[half:])]
    for key, reply in zip(keys, replies, strict=True):
        if isinstance(reply, redis.RedisError) and not is_wrong_type(reply):
            raise refusal(key, reply_of(reply)) from reply
    # One that is no hash was replaced since its fields were counted.
    return [[] if isinstance(reply, redis.RedisError) else reply for reply in replies]
