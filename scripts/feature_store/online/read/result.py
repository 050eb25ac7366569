"""The result of reading online features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from feature_store.online.layout.types import TIMES, type_id
from feature_store.registry.definitions import Feature

if TYPE_CHECKING:
    import pandas as pd

#: ``null``: the row has no value of the feature; ``not_found``: the view has no row of the entity;
#: ``outside_max_age``: the row is too old.
Status: TypeAlias = Literal["present", "null", "not_found", "outside_max_age"]

#: The pandas types of columns that may hold nulls, by SQL type; object for all others.
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
    """The result of a request: one row an entity, in the order of the request.

    It holds columns; ``rows`` and the like are made when they are first used.

    Attributes:
        entities: each entity as it was given.
        columns: for each reference, the label of its view and the feature.
        values: for each reference, one value an entity; None where the feature is null, the view
            has no row of the entity, or the row is older than ``max_age``.
        times: for each view's label, one feature time (UTC) an entity; None where the view has no
            row of it.
        too_old: for each view's label, whether each entity's row is older than ``max_age``; only
            for views that have such a row.
    """

    entities: list[dict[str, Any]]
    columns: dict[str, tuple[str, Feature]]
    values: dict[str, list[Any]]
    times: dict[str, list[datetime | None]]
    too_old: dict[str, list[bool]]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """For each row, the entity as it was given, then each feature by its reference."""
        features = self._by_row(self.values)
        return [entity | row for entity, row in zip(self.entities, features, strict=True)]

    @cached_property
    def feature_times(self) -> list[dict[str, datetime | None]]:
        """For each row, the feature time (UTC) by view label; None without a row of the entity."""
        return self._by_row(self.times)

    @cached_property
    def statuses(self) -> list[dict[str, Status]]:
        """For each row, by reference, whether the feature is present, and if not, why."""
        return self._by_row(self._status_columns())

    def to_dict(self, statuses: bool = False) -> dict[str, list[Any]]:
        """Return one list a column: the keys as they were given, then the features.

        Args:
            statuses: add a column ``<reference>:status`` behind each feature.
        """
        names = dict.fromkeys(chain.from_iterable(self.entities))
        columns = {name: [entity.get(name) for entity in self.entities] for name in names}
        status_columns = self._status_columns() if statuses else {}
        for reference, values in self.values.items():
            columns[reference] = [*values]
            if statuses:
                columns[f"{reference}:status"] = status_columns[reference]
        return columns

    def to_pandas(self, statuses: bool = False) -> pd.DataFrame:
        """Return the rows as a data frame, one column a key or feature.

        Integers, booleans and times are of pandas' nullable types; in a column of doubles a null is
        NaN.

        Args:
            statuses: add a column ``<reference>:status`` behind each feature.
        """
        import pandas as pd  # takes longer to load than a whole read

        frame = {}
        for name, values in self.to_dict(statuses).items():
            if name in self.columns:
                feature = self.columns[name][1]
                kind = _PANDAS_TYPES.get(type_id(feature.data_type), "object")
                frame[name] = pd.Series(values, dtype=kind)
            else:
                frame[name] = pd.Series(values)
        return pd.DataFrame(frame)

    def _by_row(self, columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
        names = tuple(columns)
        # zip() of no columns would end at once.
        rows: Iterable[Any] = zip(*columns.values(), strict=True) if columns else repeat(())
        return [dict(zip(names, row, strict=True)) for _, row in zip(self.entities, rows)]  # noqa: B905

    def _status_columns(self) -> dict[str, list[Status]]:
        found: dict[str, list[Status]] = {}
        for reference, (label, _) in self.columns.items():
            old = self.too_old.get(label) or repeat(False)
            found[reference] = [
                _status(value, time, is_old)
                for value, time, is_old in zip(self.values[reference], self.times[label], old)  # noqa: B905
            ]
        return found


def _status(value: Any, time: datetime | None, is_old: bool) -> Status:
    if value is not None:
        return "present"
    if time is None:
        return "not_found"
    return "outside_max_age" if is_old else "null"
