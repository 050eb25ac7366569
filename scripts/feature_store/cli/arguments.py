"""Arguments of command lines: an interval, and a sample size."""

from __future__ import annotations

import re
from datetime import datetime

from feature_store.errors import FeatureStoreError
from feature_store.times import read_time

#: A fraction of a second that datetime would cut.
_FINER = re.compile(r"[.,]\d{6}\d*[1-9]")


def read_sample(option: str, text: str, *, least: int = 1) -> int | None:
    """Return how many entities to take; None for all of them.

    Args:
        option: its name, for the error.
        text: a number, or ``all``.
        least: the smallest number.

    Raises:
        FeatureStoreError: it is neither, or too small.
    """
    if text == "all":
        return None
    if text.isascii() and text.isdecimal() and int(text) >= least:
        return int(text)
    number = "a number of entities" + (f", {least} or more" if least else "")
    raise FeatureStoreError(f"{option}: {text!r}", allowed=f"{number}, or all")


def read_interval(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """Read ``--start`` and ``--end`` as naive UTC; None for one that was not given.

    Raises:
        FeatureStoreError: one of them is no time, or they are no interval.
    """
    times = [
        read_time(option, text).replace(tzinfo=None) if text is not None else None
        for option, text in (("--start", start), ("--end", end))
    ]
    if times[0] and times[1] and times[0] >= times[1]:
        raise FeatureStoreError(
            f"--start {start} is not before --end {end}",
            allowed="an interval with start < end; the end is not part of it",
        )
    return times[0], times[1]
