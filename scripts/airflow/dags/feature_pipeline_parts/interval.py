"""The interval of a run: from its parameters, or else from Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param

from feature_pipeline_parts.errors import PipelineError

#: The parameters of a manual run; both or none.
PARAMS = {
    "start": Param(
        None,
        type=["null", "string"],
        title="Start of the range",
        description="Process this range as one interval instead of the run's interval: its start, "
        "a date or time (UTC) such as 2024-05-01",
    ),
    "end": Param(
        None,
        type=["null", "string"],
        title="End of the range",
        description="The end of the range, exclusive, such as 2024-05-08",
    ),
}
_WAYS = (
    "the parameters start and end; or, in Airflow's pages and its REST interface, a logical date, "
    "for the last interval that ended by then"
)
_NEXT = "trigger another run with one of these"


@dataclass(frozen=True)
class Interval:
    """A half-open interval, UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"


def interval_of(context: Mapping[str, Any]) -> Interval:
    """Return the interval that a run processes. The clock is not read.

    Raises:
        PipelineError: the parameters are wrong, or the run has no interval.
    """
    params = context["params"]
    start, end = params.get("start") or None, params.get("end") or None
    if start is None and end is None:
        return _interval_of_run(context)
    if start is None or end is None:
        missing = "start" if start is None else "end"
        raise PipelineError(
            f"parameter {missing} is missing",
            allowed="start and end, or none of them",
            next_step=_NEXT,
        )
    interval = Interval(_time("start", start), _time("end", end))
    if interval.start >= interval.end:
        raise PipelineError(
            f"parameter start {start} is not before end {end}",
            allowed="a range with start < end; the end is not part of it",
            next_step=_NEXT,
        )
    return interval


def _interval_of_run(context: Mapping[str, Any]) -> Interval:
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None or start >= end:
        raise PipelineError(
            "the run has no interval: it was triggered without a logical date",
            allowed=_WAYS,
            next_step=_NEXT,
        )
    logical_date = context["logical_date"]
    if start != logical_date and end > logical_date:
        # `airflow dags trigger --logical-date` takes the last interval before now.
        raise PipelineError(
            f"the run's interval {start.isoformat()}/{end.isoformat()} does not belong to its "
            f"logical date {logical_date.isoformat()}",
            allowed=_WAYS,
            next_step=_NEXT,
        )
    return Interval(start.astimezone(UTC), end.astimezone(UTC))


def _time(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise PipelineError(
            f"parameter {name}: {text!r} is not a valid time",
            allowed="2024-05-01, 2024-05-01T13:00:00 (UTC), 2024-05-01T13:00:00+02:00",
            next_step=_NEXT,
        ) from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
