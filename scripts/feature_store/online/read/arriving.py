"""Rows decoded as their replies arrive, while the server works on the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from feature_store.online.layout.hash_decoder import Columns
from feature_store.online.read.request import ViewRequest

#: Rows that are worth a call of a decoder before all have come.
_ROWS = 32


class ArrivingRows:
    """The rows of some views, of which each reply is one: those of the first view come first.

    Args:
        views: the views.
        count: rows of each view.
    """

    def __init__(self, views: Sequence[ViewRequest], count: int):
        self._views, self._count = views, count
        self._begin([])

    def _begin(self, replies: list[Any]) -> None:
        self._replies, self._done = replies, 0
        #: For each view its decoded rows; None in it for rows that have to be read one by one.
        self._parts: list[list[Columns | None]] = [[] for _ in self._views]

    def progress(self, replies: list[Any]) -> None:
        """Decode what came; ``replies`` are all so far, in a new list after a broken connection."""
        if replies is not self._replies:
            self._begin(replies)
        number = self._done // self._count if self._count else 0
        for view in self._views[number:]:
            number += 1
            end = min(len(replies), number * self._count)
            if end - self._done < _ROWS and end < number * self._count:
                return
            parts = self._parts[number - 1]
            if view.decode is None:
                parts.append(None)
            elif None not in parts:
                parts.append(view.decode(replies[self._done : end]))
            self._done = end

    def finish(self, replies: list[Any]) -> list[Columns | None]:
        """Return the columns of each view; None where its rows have to be read one by one."""
        self.progress(replies)
        return [
            None if None in parts else parts[0] if len(parts) == 1 else _joined(parts)
            for parts in self._parts
        ]


def _joined(parts: Sequence[Columns]) -> Columns:
    times = [*chain.from_iterable([times for times, _ in parts])]
    columns = zip(*[columns for _, columns in parts], strict=True)
    return times, [[*chain.from_iterable(column)] for column in columns]
