"""Reading features back: every key in one round trip, every value in its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import redis

from feature_store.definitions import Feature, FeatureDefinitions, FeatureView
from feature_store.errors import FeatureStoreError
from feature_store.online.keys import entity_key
from feature_store.online.refusals import refusal, reply_of
from feature_store.online.values import FEATURE_TIME, TIMES, reader, type_id

if TYPE_CHECKING:
    import pandas as pd

#: What a column of pandas is where a feature may be null: by SQL type, object for the others.
_PANDAS_TYPES = {
    **{
        f"{sign}{sql}": f"{'U' * len(sign)}Int{bits}"
        for sign in ("", "u")
        for sql, bits in (("tinyint", 8), ("smallint", 16), ("integer", 32), ("bigint", 64))
    },
    **dict.fromkeys(TIMES, "datetime64[us, UTC]"),
    **{"double": "float64", "float": "float64", "boolean": "boolean", "varchar": "str"},
}


@dataclass(frozen=True)
class OnlineFeatures:
    """The answer to a request, one row an entity in the order asked.

    Attributes:
        rows: the entity as it was given, then each feature by the reference it was asked with; None
            is a null feature, or one of an entity that the view has no row of.
        feature_times: for each row, the feature time (UTC) by view label; None where the view has
            no row of the entity.
        columns: for each reference, the label of its view and the feature.
    """

    rows: list[dict[str, Any]]
    feature_times: list[dict[str, datetime | None]]
    columns: dict[str, tuple[str, Feature]]

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a data frame, one column a key or feature.

        Integers, booleans and times are of pandas' nullable types; in a column of doubles a null is
        NaN.
        """
        import pandas as pd  # takes longer to load than a whole read

        names = dict.fromkeys(name for row in self.rows for name in row if name not in self.columns)
        keys = {name: pd.Series([row.get(name) for row in self.rows]) for name in names}
        features = {
            reference: pd.Series(
                [row[reference] for row in self.rows],
                dtype=_PANDAS_TYPES.get(type_id(feature.data_type), "object"),
            )
            for reference, (_, feature) in self.columns.items()
        }
        return pd.DataFrame(keys | features)


def _requested(
    definitions: FeatureDefinitions, references: Sequence[str]
) -> dict[str, tuple[FeatureView, list[tuple[str, Feature]]]]:
    """Group the references by view label."""
    if isinstance(references, str):
        references = [references]
    if not references:
        raise FeatureStoreError(
            "no features were asked for", allowed='a list such as ["customer_purchases:spend_28d"]'
        )
    groups: dict[str, tuple[FeatureView, list[tuple[str, Feature]]]] = {}
    for asked in dict.fromkeys(references):
        for reference, view, feature in definitions.resolve(asked):
            if not view.served_id:
                raise FeatureStoreError(
                    f"{reference}: {view.label} is not served",
                    next_step="add an online view and a snapshot (docs/add_a_feature_view.md)",
                )
            features = groups.setdefault(view.label, (view, []))[1]
            if (reference, feature) not in features:
                features.append((reference, feature))
    return groups


def _key(prefix: str, view: FeatureView, entity: Mapping[str, Any], position: int) -> str:
    """Return the Redis key of an entity's row."""
    wanted = [key.name for key in view.entity]
    if not isinstance(entity, Mapping):
        raise FeatureStoreError(
            f"entity {position}: {entity!r}", allowed=f"a mapping with {', '.join(wanted)}"
        )
    missing = [name for name in wanted if _is_missing(entity.get(name))]
    if missing:
        raise FeatureStoreError(
            f"entity {position}: {dict(entity)} has no {', '.join(missing)}",
            allowed=f"{view.label} is read by {', '.join(wanted)}",
        )
    try:
        return entity_key(prefix, view, [entity[name] for name in wanted])
    except FeatureStoreError as error:
        raise FeatureStoreError(
            f"entity {position}: {error.what}", allowed=error.allowed, next_step=error.next_step
        ) from error


def _is_missing(value: Any) -> bool:
    """Return whether an id is None, or one of the things that stand for it in numpy and pandas."""
    try:
        return value is None or bool(value != value)  # NaN and NaT are not even like themselves
    except TypeError:
        return True  # pandas.NA is neither
    except ValueError:
        return False  # an array


def _value(key: str, feature: Feature, read: Callable[[str], Any], text: str | None) -> Any:
    if text is None:
        return None
    try:
        return read(text)
    except (ValueError, ArithmeticError, TypeError, KeyError, AttributeError) as error:
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise FeatureStoreError(
            f"{key}, field {feature.name}: {shown!r} cannot be read as {feature.data_type}",
            next_step="export again (scripts/export_to_redis.py)",
        ) from error


def get_online_features(
    client: redis.Redis,
    prefix: str,
    definitions: FeatureDefinitions,
    entities: Sequence[Mapping[str, Any]],
    features: Sequence[str],
) -> OnlineFeatures:
    """Read features of entities in one round trip.

    Args:
        client: the online store, with ``decode_responses``.
        prefix: first part of every key.
        definitions: the project's feature views.
        entities: one mapping of key column to id a row, such as ``{"customer_id": 1029}``.
        features: references such as ``customer_purchases:spend_28d``, ``customer_purchases:v1:…``,
            or ``customer_purchases`` for the whole view.

    Raises:
        FeatureStoreError: an unknown view or feature, an entity without a key the views need, an
            id of another type, or a key or value in the store that another program wrote.
        redis.RedisError: the connection broke.
    """
    groups = _requested(definitions, features)
    pipeline = client.pipeline(transaction=False)
    keys = []
    for position, entity in enumerate(entities):
        for view, asked in groups.values():
            keys.append(_key(prefix, view, entity, position))
            pipeline.hmget(keys[-1], [*(feature.name for _, feature in asked), FEATURE_TIME.name])
    replies = iter(zip(keys, pipeline.execute(raise_on_error=False), strict=True))

    readers = {
        label: [(reference, feature, reader(feature)) for reference, feature in asked]
        for label, (_, asked) in groups.items()
    }
    read_time = reader(FEATURE_TIME)
    rows, times = [], []
    for entity in entities:
        row, row_times = dict(entity), {}
        for label, asked in readers.items():
            key, reply = next(replies)
            if isinstance(reply, redis.RedisError):
                raise refusal(key, reply_of(reply)) from reply
            *texts, time_text = reply
            row_times[label] = _value(key, FEATURE_TIME, read_time, time_text)
            for (reference, feature, read), text in zip(asked, texts, strict=True):
                row[reference] = _value(key, feature, read, text)
        rows.append(row)
        times.append(row_times)
    columns = {
        reference: (label, feature)
        for label, (_, asked) in groups.items()
        for reference, feature in asked
    }
    return OnlineFeatures(rows, times, columns)
