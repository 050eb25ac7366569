"""The error of the pipeline."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowFailException


class PipelineError(AirflowFailException):
    """A problem of settings or parameters, which a retry cannot solve."""

    def __init__(self, what: str, *, allowed: str | None = None, next_step: str | None = None):
        parts = [what]
        if allowed:
            parts.append(f"Allowed: {allowed}")
        if next_step:
            parts.append(f"Next: {next_step}")
        super().__init__("\n".join(parts))
