"""Random histories of an event table: its events after each load, removal and correction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from support.projects.feature_view_declarations import Declaration
from support.projects.feature_view_events import AROUND, KEYS, VALUES, Event, event, instants

HOUR = timedelta(hours=1)
_FIRST_LOAD = datetime(2026, 11, 1, 3, 4, 5, 678_901)
#: The columns that say when an event was.
TIMES = ("ordered_at", "ordered_at_zone", "ordered_on")
#: The kinds of changes; up to three of them happen between two builds.
_KINDS = ["new"] * 4 + [
    *("late", "early load", "no load", "copy", "again", "remove", "forget", "clear"),
    *("change", "change", "change", "swap", "swap", "return", "nothing"),
]


def load_time(number: int) -> datetime:
    return _FIRST_LOAD + number * HOUR


class _History:
    """The present events, while a history is drawn."""

    def __init__(self, draw: st.DrawFn, declaration: Declaration):
        self.draw = draw
        self.entity = declaration["entity"]
        times = instants(declaration, draw(st.sampled_from(AROUND)))
        # A few times again and again: many events fall into the same grain, at the same time.
        few = draw(st.lists(times, min_size=3, max_size=6))
        values = {name: values for name, values in VALUES.items() if name != "loaded_at"}
        times = st.one_of(st.sampled_from(few), times)
        self.fields = st.fixed_dictionaries({**KEYS, "time": times, **values})
        self.events: list[Event] = []
        self.removed: list[Event] = []
        self.number = 0  # of the load
        self.line = 0

    def add(self, loads: st.SearchStrategy[datetime | None], least: int = 1) -> None:
        for fields in self.draw(st.lists(self.fields, min_size=least, max_size=least + 3)):
            self.line += 1
            self.events.append(event(self.line, **fields, loaded_at=self.draw(loads)))

    def some(self) -> list[Event]:
        """Draw some of the events; of two equal ones, one may be drawn and the other not."""
        kept = self.draw(
            st.lists(st.booleans(), min_size=len(self.events), max_size=len(self.events))
        )
        return [event for event, is_drawn in zip(self.events, kept, strict=True) if is_drawn]

    def remove(self, events: list[Event]) -> None:
        """Remove these events, but not others that equal them."""
        gone = {id(event) for event in events}
        self.removed += events
        self.events = [event for event in self.events if id(event) not in gone]

    def change_events(self, kind: str) -> None:
        """Make one change of a kind."""
        now = load_time(self.number)
        earlier = [
            load_time(n) + beside for n in range(self.number) for beside in (0 * HOUR, HOUR / 2)
        ]
        if kind == "new":
            self.add(st.just(now))
        elif kind == "late":  # at the latest load, or just after the load before it
            self.add(st.sampled_from([now, load_time(self.number - 1) + timedelta(microseconds=1)]))
        elif kind == "early load":
            self.add(st.sampled_from([datetime(1969, 1, 1), *earlier]))
        elif kind == "no load":
            self.add(st.none())
        elif kind == "return":
            self.events += self.removed
            self.removed = []
        elif self.events:
            self._change_existing(kind, now)

    def _change_existing(self, kind: str, now: datetime) -> None:
        one = self.draw(st.sampled_from(self.events))
        if kind == "copy":
            self.events.append(dict(one))
        elif kind == "again":  # the same content, loaded once more
            for again in self.some():
                self.change(again, {"loaded_at": now})
        elif kind == "remove":
            self.remove(self.some())
        elif kind == "forget":
            key = [one[column] for column in self.entity]
            self.remove([e for e in self.events if [e[column] for column in self.entity] == key])
        elif kind == "clear":
            self.remove(self.events)
        elif kind == "change":
            for changed in self.some() or [one]:
                other = event(changed["line"], **self.draw(self.fields), loaded_at=None)
                self.change(changed, {name: other[name] for name in self.columns()})
        elif kind == "swap" and one is not (other := self.draw(st.sampled_from(self.events))):
            names = self.columns()
            self.change(one, {name: other[name] for name in names})
            self.change(other, {name: one[name] for name in names})

    def columns(self) -> tuple[str, ...]:
        """Draw one of the columns, or a few; the event's times go together."""
        columns = st.sampled_from([*KEYS, *VALUES, "ordered_at"])
        drawn = self.draw(st.lists(columns, min_size=1, max_size=4, unique=True))
        return (*drawn, *TIMES) if "ordered_at" in drawn else tuple(drawn)

    def change(self, one: Event, values: dict[str, Any]) -> None:
        """Replace an event by one with other values."""
        place = next(n for n, event in enumerate(self.events) if event is one)
        self.events[place] = {**one, **values}


@st.composite
def histories(draw: st.DrawFn, declaration: Declaration) -> list[list[Event]]:
    """Draw the events of an event table after each of up to five batches, in any order."""
    history = _History(draw, declaration)
    history.add(st.just(load_time(0)), least=draw(st.sampled_from([0, 5, 8])))
    states = [history.events]
    for number in range(1, draw(st.integers(3, 6))):
        history.number = number
        history.events = list(history.events)
        least = draw(st.sampled_from([1, 1, 2, 3]))
        for kind in draw(st.lists(st.sampled_from(_KINDS), min_size=least, max_size=3)):
            history.change_events(kind)
        in_order = draw(st.booleans())
        states.append(history.events if in_order else draw(st.permutations(history.events)))
    return states
