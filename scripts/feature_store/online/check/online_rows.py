"""Reading rows as a service does, though some of them cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import redis
from redis.cluster import RedisCluster

from feature_store.errors import FeatureStoreError
from feature_store.online.check.key_states import is_wrong_type
from feature_store.online.read.get import get_online_features
from feature_store.registry.definitions import FeatureDefinitions, FeatureView


@dataclass(frozen=True)
class Unreadable:
    """Stands in the place of a value that the serving path refuses to read.

    Attributes:
        reason: its error, in one line.
    """

    reason: str


class OnlineRow(NamedTuple):
    """What the serving path gives for an entity.

    Attributes:
        feature_time: UTC; None where there is no row, or none that can be read.
        values: the features in the view's order, each a value, None or ``Unreadable``.
    """

    feature_time: datetime | None
    values: list[Any]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of a row."""
        return self.feature_time is None and all(value is None for value in self.values)

    @property
    def is_damaged(self) -> bool:
        """Whether something of the row cannot be read."""
        return any(isinstance(value, Unreadable) for value in self.values)

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing of the row can be read, for one reason."""
        same = len(self.values) > 1 and all(value == self.values[0] for value in self.values)
        return self.is_damaged and same

    @property
    def fields(self) -> int:
        """The fields of a hash that holds the row."""
        return sum(value is not None for value in [self.feature_time, *self.values])


class OnlineRows:
    """The serving path to one view.

    Args:
        client: the online store.
        prefix: first part of every key.
        definitions: the project's feature views.
        view: the feature view.
    """

    def __init__(
        self,
        client: redis.Redis | RedisCluster,
        prefix: str,
        definitions: FeatureDefinitions,
        view: FeatureView,
    ):
        self._arguments, self._view = (client, prefix, definitions), view
        self._references = [f"{view.label}:{feature.name}" for feature in view.features]

    def read(self, entities: Sequence[Mapping[str, Any]]) -> list[OnlineRow]:
        """Read the rows of entities; one that cannot be read does not hide the others.

        Raises:
            FeatureStoreError: the server refused, whatever the entities.
            redis.RedisError: the connection broke.
        """
        if not entities:
            return []
        try:
            return self._rows(entities, self._references)
        except (FeatureStoreError, UnicodeDecodeError) as error:
            _raise_if_general(error)
        # Feature by feature: what is damaged in a row hides nothing else of it.
        columns = [self._column(entities, reference) for reference in self._references]
        return [
            OnlineRow(
                next((cell.feature_time for cell in cells if cell.feature_time), None),
                [cell.values[0] for cell in cells],
            )
            for cells in zip(*columns, strict=True)
        ]

    def _column(self, entities: Sequence[Mapping[str, Any]], reference: str) -> list[OnlineRow]:
        """Read one feature, of ever fewer entities at once where one of them cannot be read."""
        try:
            return self._rows(entities, [reference])
        except (FeatureStoreError, UnicodeDecodeError) as error:
            _raise_if_general(error)
            if len(entities) == 1:
                return [OnlineRow(None, [Unreadable(_reason(error))])]
        half = len(entities) // 2
        return [
            *self._column(entities[:half], reference),
            *self._column(entities[half:], reference),
        ]

    def _rows(
        self, entities: Sequence[Mapping[str, Any]], references: list[str]
    ) -> list[OnlineRow]:
        answer = get_online_features(*self._arguments, entities, references)
        values = zip(*(answer.values[reference] for reference in references), strict=True)
        times = answer.times[self._view.label]
        return [OnlineRow(time, [*row]) for time, row in zip(times, values, strict=True)]


def _raise_if_general(error: FeatureStoreError | UnicodeDecodeError) -> None:
    """Raise an error that is not about one entity's row."""
    cause = error.__cause__
    if isinstance(cause, redis.RedisError) and not is_wrong_type(cause):
        raise error


def _reason(error: FeatureStoreError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "what is no text"
    return error.what.splitlines()[0]
