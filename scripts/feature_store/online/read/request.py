"""What is sent for a request, made ready once for each list of features.

A service asks for the same features again and again. All that does not depend on the entities is
resolved once: which views, which bytes stand around an id, which functions read the values.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.round_trip import bulk
from feature_store.online.layout.keys import around_id
from feature_store.online.layout.packed import schema_id
from feature_store.online.layout.types import FEATURE_TIME, reader
from feature_store.online.read.entities import entity_ids
from feature_store.registry.definitions import Feature, FeatureDefinitions, FeatureView
from feature_store.registry.references import FEATURES, no_features, references

#: Lists of features that are remembered for each project and prefix; a service has a handful.
_REMEMBERED = 256
_requests: WeakKeyDictionary[FeatureDefinitions, dict[Hashable, Request]] = WeakKeyDictionary()


class ViewRequest:
    """The features that are asked for of one view.

    Attributes:
        view: the feature view's version.
        references: how each feature was asked for.
        features: the features, in the same order.
        positions: where each of them stands among the view's own features.
        schema_id: of the view's packed rows.
    """

    def __init__(self, prefix: str, view: FeatureView, asked: Sequence[tuple[str, Feature]]):
        self.prefix = prefix
        self.view = view
        self.references = tuple(reference for reference, _ in asked)
        self.features = tuple(feature for _, feature in asked)
        for feature in self.features:
            reader(feature)  # refuses what cannot be served
        self.positions = tuple(map(view.features.index, self.features))
        self.schema_id = schema_id(view)
        self._head, self._tail = around_id(prefix, view)
        if view.layout == "packed":
            self._words, self._fields = "GET", ()
        else:
            self._words = "HMGET"
            self._fields = (*(feature.name for feature in self.features), FEATURE_TIME.name)
        self._before = f"*{2 + len(self._fields)}\r\n{bulk(self._words)}$"
        self._behind = f"{self._tail}\r\n" + "".join(map(bulk, self._fields))
        self._length = len((self._head + self._tail).encode())

    def key(self, entity_id: str) -> str:
        """Return the key of an entity's row."""
        return self._head + entity_id + self._tail

    def command(self, entity_id: str) -> tuple[str, ...]:
        """Return the command that reads an entity's row, word by word."""
        return (self._words, self.key(entity_id), *self._fields)

    def packed_commands(self, ids: Sequence[str]) -> str:
        """Return the commands that read the rows of entities, in the protocol's own form."""
        before, head, behind, length = self._before, self._head, self._behind, self._length
        sizes = map(len, ids if "".join(ids).isascii() else [one.encode() for one in ids])
        return "".join(
            [
                f"{before}{length + size}\r\n{head}{one}{behind}"
                for one, size in zip(ids, sizes, strict=True)
            ]
        )


class Request:
    """A list of features, resolved.

    Attributes:
        views: by view, in the order of their first features.
        columns: for each reference, the label of its view and the feature.
        deprecated: the views that have a deprecation date.
    """

    def __init__(self, definitions: FeatureDefinitions, prefix: str, asked: Sequence[str]):
        groups: dict[FeatureView, dict[tuple[str, Feature], None]] = {}
        for wanted in asked:
            if not isinstance(wanted, str):
                raise FeatureStoreError(f"features has {wanted!r}", allowed=FEATURES)
            for reference, view, feature in definitions.resolve(wanted):
                if not view.served_id:
                    raise FeatureStoreError(
                        f"{reference}: {view.label} is not served",
                        next_step="add an online view and a snapshot "
                        "(docs/guides/add_a_feature_view.md)",
                    )
                groups.setdefault(view, {})[reference, feature] = None
        if not groups:
            raise no_features()
        self.views = [ViewRequest(prefix, view, [*found]) for view, found in groups.items()]
        self.columns = {
            reference: (view.label, feature)
            for view, found in groups.items()
            for reference, feature in found
        }
        self.deprecated = tuple(view for view in groups if view.deprecation_date)
        keys = [view.entity for view in groups]
        #: For each view, the first one with the same key columns, whose ids it shares.
        self._key_views = [keys.index(entity) for entity in keys]

    def ids(self, entities: Sequence[Mapping[str, Any]]) -> list[list[str]]:
        """Return, for each view, the id of every entity as it stands in the keys.

        Raises:
            FeatureStoreError: an entity lacks a key, or an id is of another type.
        """
        found: list[list[str]] = []
        for number, first in enumerate(self._key_views):
            is_first = number == first
            found.append(
                entity_ids(self.views[number].view, entities) if is_first else found[first]
            )
        return found

    def packed_commands(self, ids: Sequence[Sequence[str]]) -> bytes:
        """Return all commands in the protocol's own form, one view behind the other."""
        texts = [view.packed_commands(own) for view, own in zip(self.views, ids, strict=True)]
        return "".join(texts).encode()

    def commands(self, ids: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
        """Yield the same commands word by word."""
        for view, own in zip(self.views, ids, strict=True):
            yield from map(view.command, own)


def resolve_request(
    definitions: FeatureDefinitions, prefix: str, features: Sequence[str] | str
) -> Request:
    """Return a list of features as it was resolved the first time.

    Args:
        definitions: the project's feature views.
        prefix: first part of every key.
        features: references, or the name of a feature service.

    Raises:
        FeatureStoreError: a view or feature is unknown or not served, or there is none.
    """
    known = _requests.setdefault(definitions, {})
    try:
        key = (prefix, features if isinstance(features, str) else tuple(features))
        found = known.get(key)
    except TypeError:  # no list, or a list of what is no text
        key = found = None
    if found is None:
        found = Request(definitions, prefix, references(definitions, _named(definitions, features)))
        if len(known) >= _REMEMBERED:
            known.clear()
        known[key] = found
    return found


def _named(definitions: FeatureDefinitions, features: Any) -> Any:
    """Refuse one reference that stands where a list, or the name of a service, is meant."""
    if isinstance(features, str):
        name = features.partition(":")[0]
        exposures = definitions.manifest.get("exposures", {}).values()
        is_service = any(exposure["name"] == features for exposure in exposures)
        if not is_service and any(view.name == name for view in definitions.views):
            raise FeatureStoreError(
                f"features is the text {features!r}",
                allowed=FEATURES,
                next_step=f"pass [{features!r}]",
            )
    return features
