"""The request of a load, and the result of each table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.sql import literal


@dataclass
class LoadResult:
    """The result of loading one raw table.

    Attributes:
        name: the source table's name.
        files: the number of its files.
        read: the rows that were read: of whole files, or of the interval in them.
        loaded: the rows written to the raw table.
        skipped: the rows that were there already with the same content.
        rejected: the malformed rows put into ``raw_rejects``.
        seconds: how long it took.
        notes: what a person should know besides.
        warning: why the table was not loaded although that is no error, or None.
        error: why nothing of the table was changed, or None.
    """

    name: str
    files: int = 0
    read: int = 0
    loaded: int = 0
    skipped: int = 0
    rejected: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    warning: str | None = None
    error: FeatureStoreError | None = None


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
        """Give the SQL of start and end; None: no bound."""
        start, end = (
            None if bound is None else f"timestamp {literal(bound.isoformat(' '))}"
            for bound in (self.start, self.end)
        )
        return start, end

    def interval(self, event_time: str) -> str:
        """Return the SQL that is true for event times in the interval."""
        bounds = [
            f"{event_time} {operator} {bound}"
            for operator, bound in zip((">=", "<"), self.bounds, strict=True)
            if bound is not None
        ]
        return "(" + (" and ".join(bounds) or "true") + ")"


def counted(number: int, thing: str) -> str:
    """Return a number with its thing, ``1 row`` or ``2 rows``."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
