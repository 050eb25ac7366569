"""Requests for online features: references resolved to views, and the commands that read them.

A service reads the same features again and again. All that does not depend on the entities is
prepared once for each list of features: the views, and the bytes around an id in the commands.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.round_trip import Commands, bulk
from feature_store.online.layout.hash_decoder import RowsDecoder, hash_decoder
from feature_store.online.layout.keys import KeySpace
from feature_store.online.layout.packed import schema_id
from feature_store.online.layout.packed_decoder import packed_decoder
from feature_store.online.layout.types import FEATURE_TIME, reader
from feature_store.online.read.entities import entity_ids
from feature_store.registry.definitions import Feature, FeatureDefinitions, FeatureView
from feature_store.registry.references import FEATURES, no_features, references

#: Requests that are cached for each project and prefix; a service has a handful.
_CACHE_SIZE = 256
#: Bytes of an id that is not longer than usual.
_SHORT_ID = 64
_cache: WeakKeyDictionary[FeatureDefinitions, dict[Hashable, OnlineRequest]] = WeakKeyDictionary()


class ViewRequest:
    """The requested features of one view.

    Attributes:
        positions: of each feature among all of the view's.
        decode: reads replies at once; None where they are read one by one.
    """

    def __init__(self, keys: KeySpace, view: FeatureView, requested: Sequence[tuple[str, Feature]]):
        self.view, self.label = view, view.label
        self.references = tuple(reference for reference, _ in requested)
        self.features = tuple(feature for _, feature in requested)
        for feature in self.features:
            reader(feature)  # raises an error for types that cannot be served
        self.positions = tuple(map(view.features.index, self.features))
        self.schema_id = schema_id(view)
        self.schemas_key = keys.schemas(view)
        self._head, self._tail = keys.around_id(view)
        self.decode: RowsDecoder | None
        if view.layout == "packed":
            self._name, self._fields = "GET", ()
            self.decode = packed_decoder(view, self.positions)
        else:
            self._name = "HMGET"
            self._fields = (*(feature.name for feature in self.features), FEATURE_TIME.name)
            self.decode = hash_decoder(self.features)
        self._behind = f"{self._tail}\r\n" + "".join(map(bulk, self._fields))
        #: What stands before an id of so many bytes; most ids have few.
        self._before = [self._before_id(size) for size in range(_SHORT_ID)]

    def key(self, entity_id: str) -> str:
        """Return the key of an entity's row."""
        return self._head + entity_id + self._tail

    def command(self, entity_id: str) -> tuple[str, ...]:
        """Return the words of the command that reads an entity's row."""
        return (self._name, self.key(entity_id), *self._fields)

    def packed_commands(self, ids: Sequence[str]) -> str:
        """Return the commands that read the rows of entities, in the protocol's bytes."""
        before, behind = self._before, self._behind
        if not ids:
            return ""
        try:
            if "".join(ids).isascii():
                pieces = [before[len(one)] + one for one in ids]
            else:
                pieces = [before[len(one.encode())] + one for one in ids]
        except IndexError:
            pieces = [self._before_id(len(one.encode())) + one for one in ids]
        return behind.join(pieces) + behind

    def _before_id(self, size: int) -> str:
        words, length = 2 + len(self._fields), len((self._head + self._tail).encode()) + size
        return f"*{words}\r\n{bulk(self._name)}${length}\r\n{self._head}"


class OnlineRequest:
    """A list of requested features, resolved.

    Attributes:
        columns: for each reference, the label of its view and the feature.
    """

    def __init__(self, definitions: FeatureDefinitions, keys: KeySpace, requested: Sequence[str]):
        groups: dict[FeatureView, dict[tuple[str, Feature], None]] = {}
        for one in requested:
            if not isinstance(one, str):
                raise FeatureStoreError(f"features has {one!r}", allowed=FEATURES)
            for reference, view, feature in definitions.resolve(one):
                if not view.served_id:
                    raise FeatureStoreError(
                        f"{reference}: {view.label} is not served",
                        next_step="add online: {ttl: 120d} to its declaration, run "
                        "feature-store build-views and dbt build",
                    )
                groups.setdefault(view, {})[reference, feature] = None
        if not groups:
            raise no_features()
        self.views = [ViewRequest(keys, view, [*found]) for view, found in groups.items()]
        self.columns = {
            reference: (view.label, feature)
            for view, found in groups.items()
            for reference, feature in found
        }
        self.deprecated = tuple(view for view in groups if view.deprecation_date)
        entities = [view.entity for view in groups]
        #: For each view, the first one with the same key columns, whose ids it shares.
        self._key_views = [entities.index(entity) for entity in entities]

    def ids(self, entities: Sequence[Mapping[str, Any]]) -> list[list[str]]:
        """Return, for each view, the id of every entity in the form in which keys hold it."""
        found: list[list[str]] = []
        for number, first in enumerate(self._key_views):
            is_first = number == first
            found.append(
                entity_ids(self.views[number].view, entities) if is_first else found[first]
            )
        return found

    def commands(
        self, ids: Sequence[Sequence[str]], progress: Callable[[list[Any]], None]
    ) -> Commands:
        """Return the commands that read all rows, one view after the other."""
        views = [*zip(self.views, ids, strict=True)]
        return Commands(
            lambda: (command for view, own in views for command in map(view.command, own)),
            lambda: "".join([view.packed_commands(own) for view, own in views]).encode(),
            sum(map(len, ids)),
            progress,
        )


def resolve_request(
    definitions: FeatureDefinitions, keys: KeySpace, features: Sequence[str] | str
) -> OnlineRequest:
    """Resolve a list of features, or return the cached request for it."""
    cached = _cache.setdefault(definitions, {})
    key: Hashable = None
    if isinstance(features, str):
        key = (keys.prefix, features)
    elif isinstance(features, (list, tuple)) and {*map(type, features)} == {str}:
        key = (keys.prefix, tuple(features))
    found = cached.get(key) if key else None
    if found is None:
        _check_not_reference(definitions, features)
        found = OnlineRequest(definitions, keys, references(definitions, features))
        if len(cached) >= _CACHE_SIZE:
            cached.clear()
        if key:
            cached[key] = found
    return found


def _check_not_reference(definitions: FeatureDefinitions, features: Any) -> None:
    """Check that ``features`` is not one reference in the place of a list or a service's name."""
    if not isinstance(features, str):
        return
    name = features.partition(":")[0]
    exposures = definitions.manifest.get("exposures", {}).values()
    is_service = any(exposure["name"] == features for exposure in exposures)
    if not is_service and any(view.name == name for view in definitions.views):
        raise FeatureStoreError(
            f"features is the text {features!r}", allowed=FEATURES, next_step=f"pass [{features!r}]"
        )
