"""Windowed feature views in plain Python, by their definition.

Independent of the SQL that builds the tables. Times are whole microseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from support.oracles.sql_aggregates import Approximately, Filler, matches, plain
from support.oracles.sql_expressions import AggregateCall, aggregate_call, expression

EPOCH = datetime(1970, 1, 1)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def duration(text: str) -> int:
    """Return the microseconds of a duration such as ``15m`` or ``7d``."""
    found = re.fullmatch(r"(\d+)([smhdw])", text)
    assert found, text
    return int(found[1]) * _UNITS[found[2]] * 1_000_000


def microseconds(time: date) -> int:
    """Return the microseconds of a timestamp in UTC, an aware timestamp or a date."""
    if not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day)
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return (time - EPOCH) // timedelta(microseconds=1)


def timestamp(time: int) -> datetime:
    """Return the timestamp of microseconds."""
    return EPOCH + timedelta(microseconds=time)


@dataclass(frozen=True)
class Aggregate:
    """One aggregate of a view; windows in the order of their columns, None for the lifetime."""

    name: str
    call: AggregateCall
    windows: list[tuple[str, int | None]]
    replaces_empty: bool
    empty: Any


def _windows(names: Iterable[str]) -> list[tuple[str, int | None]]:
    """Return windows shortest first, equal ones in the order given, the lifetime last."""
    finite = sorted((name for name in names if name != "lifetime"), key=duration)
    lifetime = [("lifetime", None)] if "lifetime" in names else []
    return [(name, duration(name)) for name in finite] + lifetime


def _filler(empty: Any) -> Any:
    is_number = isinstance(empty, int | float) and not isinstance(empty, bool)
    return Filler(empty) if is_number else empty


class View:
    """A declaration, as a mapping like the one in YAML, ready to be evaluated."""

    def __init__(self, declaration: Mapping[str, Any]):
        self.entity: list[str] = declaration["entity"]
        self.event_time: str = declaration["event_time"]
        self.grain = duration(declaration.get("grain") or "1d")
        self.aggregates = [
            Aggregate(
                name=name,
                call=aggregate_call(given["sql"]),
                windows=_windows(given.get("windows") or declaration["windows"]),
                replaces_empty="empty" in given,
                empty=_filler(given.get("empty")),
            )
            for name, given in declaration["aggregates"].items()
        ]
        derived = declaration.get("derived") or {}
        self.derived = {
            name: expression(given["sql"] if isinstance(given, Mapping) else given)
            for name, given in derived.items()
        }
        named = [window for aggregate in self.aggregates for window, _ in aggregate.windows]
        self.windows = [length for _, length in _windows({*declaration["windows"], *named})]

    @cached_property
    def features(self) -> list[str]:
        """The feature columns in order."""
        names = [f"{a.name}_{window}" for a in self.aggregates for window, _ in a.windows]
        return [*names, *self.derived]

    @cached_property
    def columns(self) -> list[str]:
        """All columns in order."""
        return [*self.entity, "feature_time", *self.features, "known_at"]

    def time(self, event: Mapping[str, Any]) -> int:
        """Return the event time of an event."""
        return microseconds(event[self.event_time])

    def histories(self, events: Iterable[Mapping[str, Any]]) -> dict[tuple[Any, ...], History]:
        """Return each entity's history; events without a key or a time belong to none."""
        by_entity = defaultdict(list)
        for event in events:
            key = tuple(event[column] for column in self.entity)
            if None not in key and event[self.event_time] is not None:
                by_entity[key].append(event)
        return {key: History(self, own) for key, own in by_entity.items()}

    def table(self, events: Iterable[Mapping[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return the whole table that the view must be: rows by entity key and feature time."""
        return {
            (*key, timestamp(time)): history.row(time)
            for key, history in self.histories(events).items()
            for time in history.feature_times()
        }


class History:
    """The events of one entity, and its features at any time."""

    def __init__(self, view: View, events: list[Mapping[str, Any]]):
        self.view = view
        events = sorted(events, key=view.time)
        self.times = [view.time(event) for event in events]
        self.loads = [event["loaded_at"] for event in events]
        # Per aggregate: the times of the events that pass its filter, of those it takes, and what
        # it reads of the latter.
        self._inputs = []
        for aggregate in view.aggregates:
            taken = [event for event in events if aggregate.call.takes(event)]
            values = [aggregate.call.value(event) for event in taken]
            passed = [view.time(event) for event in events if aggregate.call.passes(event)]
            self._inputs.append((passed, [view.time(event) for event in taken], values))

    def feature_times(self) -> list[int]:
        """Return the times of the rows: the first T after an event, and T + each window."""
        grain = self.view.grain
        firsts = {(time // grain + 1) * grain for time in self.times}
        steps = [0, *(window for window in self.view.windows if window is not None)]
        return sorted({first + step for first in firsts for step in steps})

    @staticmethod
    def _within(times: list[int], time: int, window: int | None) -> slice:
        """Return the positions with T - window <= event time < T."""
        first = 0 if window is None else bisect_left(times, time - window)
        return slice(first, bisect_left(times, time))

    def features(self, time: int) -> dict[str, Any]:
        """Return the features at T, whether there is a row or not."""
        row: dict[str, Any] = {}
        for aggregate, inputs in zip(self.view.aggregates, self._inputs, strict=True):
            passed, times, values = inputs
            for name, window in aggregate.windows:
                if aggregate.replaces_empty and not passed[self._within(passed, time, window)]:
                    value = aggregate.empty
                else:
                    value = aggregate.call.reduce(values[self._within(times, time, window)])
                row[f"{aggregate.name}_{name}"] = value
        operands = {name: plain(value) for name, value in row.items()}
        for name, function in self.view.derived.items():
            value = function(operands)
            row[name] = Approximately(value) if isinstance(value, float) else value
        return row

    def known_at(self, time: int) -> datetime | None:
        """Return the latest load among the events in the widest window and those just out of it."""
        lifetime = None in self.view.windows
        widest = None if lifetime else max(self.view.windows) + self.view.grain
        loads = self.loads[self._within(self.times, time, widest)]
        return max((load for load in loads if load is not None), default=None)

    def row(self, time: int) -> dict[str, Any]:
        """Return the row at T without its keys: features and ``known_at``."""
        return {**self.features(time), "known_at": self.known_at(time)}


def differences(
    expected: Mapping[tuple[Any, ...], Mapping[str, Any]],
    got: Mapping[tuple[Any, ...], Mapping[str, Any]],
) -> list[str]:
    """Return the missing rows, unexpected rows and different values of a table, one line each."""
    lines = [f"no row {key}" for key in expected.keys() - got.keys()]
    lines += [f"a row too many {key}" for key in got.keys() - expected.keys()]
    for key in expected.keys() & got.keys():
        for column, value in expected[key].items():
            if not matches(value, got[key][column]):
                lines.append(f"{key} {column}: expected {value!r}, got {got[key][column]!r}")
    return sorted(lines)
