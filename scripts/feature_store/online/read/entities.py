"""The entities of a request: mappings or tables, and the ids that keys hold of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.keys import id_text
from feature_store.online.layout.types import INTEGERS, type_id
from feature_store.registry.definitions import FeatureView

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    Entities: TypeAlias = "Sequence[Mapping[str, Any]] | pd.DataFrame | pa.Table"

_ALLOWED = (
    'a list with one mapping an entity, such as [{"customer_id": 1029}]; or a pandas or Arrow table'
)

#: Above this a float does not hold every whole number.
_EXACT_IN_FLOAT = 2**53
#: Stands for a null id: no key has it, as every % of an id is written %25 there.
_NULL = "%null"


def entity_rows(entities: Entities) -> list[dict[str, Any]]:
    """Return a copy of each entity as a mapping."""
    package = type(entities).__module__.partition(".")[0]
    if package == "pandas" and hasattr(entities, "columns"):
        if not entities.columns.is_unique:
            twice = ", ".join(map(str, entities.columns[entities.columns.duplicated()].unique()))
            raise FeatureStoreError(
                f"entities: a column occurs twice: {twice}",
                allowed=_ALLOWED,
                next_step="rename one of the columns, or leave it out",
            )
        return _records(entities)
    if package == "pyarrow" and hasattr(entities, "to_pylist"):
        entities = entities.to_pylist()
    if isinstance(entities, Mapping):
        raise FeatureStoreError(
            "entities is one mapping", allowed=_ALLOWED, next_step="put it into a list"
        )
    if isinstance(entities, (str, bytes)) or not isinstance(entities, Iterable):
        raise FeatureStoreError(
            f"entities is {entities!r}", allowed=_ALLOWED, next_step="pass a list of mappings"
        )
    entities = [*entities]
    if {*map(type, entities)} == {dict}:
        return [*map(dict.copy, entities)]
    return [_mapping(entity, position) for position, entity in enumerate(entities)]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; integers that pandas made floats because of nulls are int."""
    columns = {}
    for name in frame.columns:
        values = frame[name].tolist()
        if {*map(type, values)} == {float}:
            known = [value for value in values if value == value]
            if len(known) < len(values) and all(
                value.is_integer() and abs(value) < _EXACT_IN_FLOAT for value in known
            ):
                values = [int(value) if value == value else None for value in values]
        columns[name] = values
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _mapping(entity: Any, position: int) -> dict[str, Any]:
    if not isinstance(entity, Mapping):
        raise FeatureStoreError(
            f"entity {position}: {entity!r}",
            allowed=_ALLOWED,
            next_step="give each entity's keys by name",
        )
    return dict(entity)


def entity_ids(view: FeatureView, entities: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the id of each entity in the form in which the keys of a view hold it.

    A null id is one that no key has, as in a point-in-time join, where null equals no id.
    """
    if len(view.entity) == 1 and type_id(view.entity[0].data_type) in INTEGERS:
        with suppress(KeyError):
            values = [*map(itemgetter(view.entity[0].name), entities)]
            if {*map(type, values)} == {int}:
                return [*map(repr, values)]  # as most ids are; a number needs no escaping
    return [_id(view, entity, position) for position, entity in enumerate(entities)]


def _id(view: FeatureView, entity: Mapping[str, Any], position: int) -> str:
    wanted = [key.name for key in view.entity]
    missing = [name for name in wanted if name not in entity]
    if missing:
        raise FeatureStoreError(
            f"entity {position}: {dict(entity)} has no {', '.join(missing)}",
            allowed=f"{view.label} is read by {', '.join(wanted)}",
            next_step="add the missing keys to the entity",
        )
    try:
        parts = [
            _NULL if _is_missing(entity[key.name]) else id_text(key, entity[key.name])
            for key in view.entity
        ]
    except FeatureStoreError as error:
        raise FeatureStoreError(
            f"entity {position}: {error.what}", allowed=error.allowed, next_step=error.next_step
        ) from error
    return "|".join(parts)


def _is_missing(value: Any) -> bool:
    """Return whether an id is None, or what numpy and pandas have in its place."""
    try:
        return value is None or bool(value != value)  # NaN and NaT do not equal themselves
    except TypeError:
        return True  # pandas.NA has no truth value
    except ValueError:
        return False  # an array
