"""Rows that no decoder reads at once, or that are wrong: read one by one, in both layouts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import redis

from feature_store.display import shortened
from feature_store.errors import FeatureStoreError
from feature_store.online.connection.errors import command_error, reply_of
from feature_store.online.layout.decode import (
    BAD_VALUE,
    EXPORT_ALL,
    read_column,
    read_times,
    read_value,
    value_reader,
)
from feature_store.online.layout.hash_decoder import Columns
from feature_store.online.layout.packed import parse
from feature_store.online.layout.types import FEATURE_TIME, json_reader
from feature_store.online.read.request import ViewRequest
from feature_store.registry.definitions import Feature


@dataclass(frozen=True)
class ViewReplies:
    """The replies for one view."""

    request: ViewRequest
    ids: Sequence[str]
    replies: Sequence[Any]

    def key(self, row: int) -> str:
        """Return the key that a row was read from."""
        return self.request.key(self.ids[row])

    def check(self) -> None:
        """Check that no reply is an error."""
        for row, reply in enumerate(self.replies):
            if isinstance(reply, redis.RedisError):
                raise command_error(self.key(row), reply_of(reply)) from reply

    def read_times(self, column: Sequence[Any]) -> list[datetime | None]:
        """Read a column of feature times."""
        try:
            return read_times(column)
        except BAD_VALUE:
            return read_column(FEATURE_TIME, "hash", column, self.key)


def hash_columns(view: ViewReplies) -> Columns:
    """Read rows in the hash layout, each a reply to HMGET: the features, then the feature time."""
    features = view.request.features
    if not view.replies:
        return [], [[] for _ in features]
    try:
        *columns, times = zip(*view.replies, strict=True)
    except TypeError:
        view.check()
        raise
    found = zip(features, columns, strict=True)
    values = [read_column(feature, "hash", column, view.key) for feature, column in found]
    return view.read_times(times), values


class PackedRows:
    """Rows in the packed layout, each a reply to GET: an array of schema id, time, features.

    Attributes:
        other_schemas: the ids of schemas other than the view's own that rows have.
    """

    def __init__(self, view: ViewReplies):
        self._view, self.request = view, view.request
        self._schema = view.request.schema_id
        self._width = 2 + len(view.request.view.features)
        #: In the place of a row that does not exist.
        self._no_row = [self._schema] + [None] * (self._width - 1)
        self._rows: list[list[Any]] = []
        #: Columns of parsed JSON, if every row has the view's own schema.
        self._columns = self._parsed_at_once()
        self.other_schemas: list[int] = []
        if self._columns is None:
            view.check()
            self._rows = [self._parsed(row, reply) for row, reply in enumerate(view.replies)]
            self.other_schemas = [*dict.fromkeys(row[0] for row in self._rows)]
            if self._schema in self.other_schemas:
                self.other_schemas.remove(self._schema)

    def _parsed_at_once(self) -> list[Sequence[Any]] | None:
        """Parse all rows as one text, as each call of the parser costs as much as a row."""
        replies = self._view.replies
        absent = json.dumps(self._no_row)
        try:
            rows = parse(f"[{','.join([absent if row is None else row for row in replies])}]")
            columns = [*zip(*rows, strict=True)] if rows else [()] * self._width
        except BAD_VALUE:
            return None
        is_own = len(columns) == self._width and columns[0].count(self._schema) == len(replies)
        return columns if is_own else None

    def _parsed(self, row: int, reply: str | None) -> list[Any]:
        if reply is None:
            return self._no_row
        try:
            found = parse(reply)
        except ValueError:
            found = None
        if not self._is_row(found):
            raise FeatureStoreError(
                f"{self._view.key(row)}: {shortened(reply, 40)!r} is not a row of "
                f"{self.request.label}",
                next_step=EXPORT_ALL,
            )
        return found

    def _is_row(self, row: Any) -> bool:
        return (
            type(row) is list
            and len(row) > 1
            and type(row[0]) is int
            and (row[0] != self._schema or len(row) == self._width)
        )

    def columns(self, schemas: Mapping[int, str | None]) -> Columns:
        """Read the columns; ``schemas`` has the value of the schema key for ``other_schemas``."""
        features = self.request.features
        columns = self._columns
        if columns is None:
            return self._columns_of_schemas(schemas)
        values = [
            read_column(feature, "packed", columns[2 + position], self._view.key)
            for feature, position in zip(features, self.request.positions, strict=True)
        ]
        return self._view.read_times(columns[1]), values

    def _columns_of_schemas(self, schemas: Mapping[int, str | None]) -> Columns:
        """Read row by row: features by their names, values by the types they were written with."""
        own = self.request.view.features
        written = {self._schema: {feature.name: feature for feature in own}}
        for one in self.other_schemas:
            written[one] = self._schema_features(one, schemas.get(one))
        values: list[list[Any]] = [[] for _ in self.request.features]
        for number, row in enumerate(self._rows):
            features = written[row[0]]
            positions = {name: place for place, name in enumerate(features, 2)}
            if len(row) != 2 + len(features):
                self._raise(number, f"its row does not fit the schema {row[0]}")
            for column, wanted in zip(values, self.request.features, strict=True):
                # A feature that was added later is null in this row.
                feature = features.get(wanted.name)
                value = row[positions[wanted.name]] if feature else None
                column.append(None if value is None else self._value(number, feature, value))
        return self._view.read_times([row[1] for row in self._rows]), values

    def _value(self, number: int, feature: Feature, value: Any) -> Any:
        read = value_reader(feature.data_type, "packed")
        return read_value(feature, read, value, lambda: self._view.key(number))

    def _schema_features(self, one: int, text: str | None) -> dict[str, Feature]:
        number = next(number for number, row in enumerate(self._rows) if row[0] == one)
        if text is None:
            self._raise(number, f"its row is of the schema {one}, which no schema key describes")
        try:
            schema = json.loads(text)
            pairs = zip(schema["names"], schema["types"], strict=True)
            features = {name: Feature(name, data_type, "") for name, data_type in pairs}
            for feature in features.values():
                json_reader(feature)
        except BAD_VALUE:
            self._raise(number, f"the schema {one} of its row cannot be read")
        return features

    def _raise(self, number: int, why: str) -> NoReturn:
        raise FeatureStoreError(f"{self._view.key(number)}: {why}", next_step=EXPORT_ALL)
