"""Reports a task that has failed after its last retry."""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from collections.abc import Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowException

from feature_pipeline_parts.interval import interval_of

log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10


class FailureAlert:
    """Reports a failed task in one line: in the log, and to a webhook if one is set.

    Args:
        variable: the environment variable with the webhook's address. It is read when a task
            has failed: the address is a secret, and is neither kept in the DAG nor printed.
    """

    def __init__(self, variable: str):
        self._variable = variable

    def __call__(self, context: Mapping[str, Any]) -> None:
        """Report it. An alert that cannot be sent does not change the run."""
        line = failure_line(context)
        log.error("%s", line)
        if address := os.environ.get(self._variable):
            self._send(address, line)

    def _send(self, address: str, line: str) -> None:
        try:
            request = urllib.request.Request(
                address,
                data=json.dumps({"text": line}).encode(),
                headers={"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
                pass
        # The error's text may hold the address, and the alert itself must not raise.
        except Exception as error:
            status = getattr(error, "code", None)
            what = type(error).__name__ + (f" {status}" if status else "")
            log.warning("the webhook of %s was not reached: %s", self._variable, what)


def failure_line(context: Mapping[str, Any]) -> str:
    """Return the line: DAG, task, interval and the address of the log."""
    task = context["ti"]
    try:
        interval = str(interval_of(context))
    except AirflowException:
        interval = "none"
    return (
        f"feature pipeline failed: dag {task.dag_id}, task {task.task_id}, interval {interval}, "
        f"log {getattr(task, 'log_url', 'unknown')}"
    )
