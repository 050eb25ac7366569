"""The request of a load: which tables, which interval of event times, what to do with bad rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from feature_store.warehouse.sql import literal


@dataclass(frozen=True)
class LoadRequest:
    """The tables and the interval to load.

    Attributes:
        tables: names of source tables; none: all.
        start: rows from this event time on, naive UTC; None: no lower bound.
        end: rows before this event time, naive UTC; None: no upper bound.
        quarantine: whether malformed rows go to ``raw_rejects`` instead of ending the load.
        needs_files: whether a table in ``tables`` without a file is an error.
    """

    tables: list[str] = field(default_factory=list)
    start: datetime | None = None
    end: datetime | None = None
    quarantine: bool = False
    needs_files: bool = True

    @property
    def has_interval(self) -> bool:
        """True if only an interval of event times is loaded."""
        return self.start is not None or self.end is not None

    @property
    def bounds(self) -> tuple[str | None, str | None]:
        """The SQL of start and end; None: no bound."""
        start, end = (
            None if bound is None else f"timestamp {literal(bound.isoformat(' '))}"
            for bound in (self.start, self.end)
        )
        return start, end

    def interval(self, event_time: str) -> str:
        """Return the SQL condition that an event time is in the interval."""
        bounds = [
            f"{event_time} {operator} {bound}"
            for operator, bound in zip((">=", "<"), self.bounds, strict=True)
            if bound is not None
        ]
        return "(" + (" and ".join(bounds) or "true") + ")"
