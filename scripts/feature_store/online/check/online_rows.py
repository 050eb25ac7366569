"""Online rows, read as a service does, even where some of them cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import redis

from feature_store.errors import FeatureStoreError
from feature_store.online.check.key_types_and_ttls import is_wrong_type
from feature_store.online.connection.online_store import OnlineStore
from feature_store.online.read.get import get_online_features
from feature_store.online.read.request import resolve_request
from feature_store.registry.definitions import FeatureDefinitions, FeatureView


@dataclass(frozen=True)
class Unreadable:
    """The error, in one line, in the place of a value that cannot be read."""

    reason: str


class OnlineRow(NamedTuple):
    """The row that a service gets for an entity.

    Attributes:
        feature_time: UTC; None where there is no row, or it cannot be read.
        values: the features in the view's order, each a value, None or ``Unreadable``.
    """

    feature_time: datetime | None
    values: list[Any]

    @property
    def is_empty(self) -> bool:
        """Whether neither a feature time nor a value was read."""
        return self.feature_time is None and all(value is None for value in self.values)

    @property
    def is_damaged(self) -> bool:
        """Whether a value cannot be read."""
        return any(isinstance(value, Unreadable) for value in self.values)

    @property
    def is_unreadable(self) -> bool:
        """Whether no value can be read, all for the same reason."""
        same = len(self.values) > 1 and all(value == self.values[0] for value in self.values)
        return self.is_damaged and same

    @property
    def fields(self) -> int:
        """The number of fields of a hash that holds the row."""
        return sum(value is not None for value in [self.feature_time, *self.values])


class OnlineRows:
    """Reads the online rows of one view."""

    def __init__(self, store: OnlineStore, definitions: FeatureDefinitions, view: FeatureView):
        self._store, self._definitions, self._view = store, definitions, view
        self._references = [f"{view.label}:{feature.name}" for feature in view.features]

    def read(self, entities: Sequence[Mapping[str, Any]]) -> list[OnlineRow]:
        """Read the rows of entities, also if some cannot be read.

        Raises:
            FeatureStoreError: the server replied with an error that is not about one entity.
            redis.RedisError: the connection broke.
        """
        if not entities:
            return []
        try:
            return self._rows(entities, self._references)
        except (FeatureStoreError, UnicodeDecodeError) as error:
            _raise_if_general(error)
        # Feature by feature, so that a damaged value of a row hides no other.
        columns = [self._column(entities, reference) for reference in self._references]
        return [
            OnlineRow(
                next((cell.feature_time for cell in cells if cell.feature_time), None),
                [cell.values[0] for cell in cells],
            )
            for cells in zip(*columns, strict=True)
        ]

    def _column(self, entities: Sequence[Mapping[str, Any]], reference: str) -> list[OnlineRow]:
        """Read one feature, of half as many entities each time one of them cannot be read."""
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
        request = resolve_request(self._definitions, self._store.keys, references)
        result = get_online_features(self._store, request, entities)
        values = zip(*(result.values[reference] for reference in references), strict=True)
        times = result.times[self._view.label]
        return [OnlineRow(time, [*row]) for time, row in zip(times, values, strict=True)]


def _raise_if_general(error: FeatureStoreError | UnicodeDecodeError) -> None:
    """Raise an error that is not about one entity's row."""
    cause = error.__cause__
    if isinstance(cause, redis.RedisError) and not is_wrong_type(cause):
        raise error


def _reason(error: FeatureStoreError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "bytes that are not text"
    return error.what.splitlines()[0]
