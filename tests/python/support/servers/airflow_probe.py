"""Answers questions about the DAG in Airflow's own Python; run by airflow_home.py, no test itself.

Reads a JSON list of requests, each with the key ``ask``, and prints a JSON list of answers. What
raises an error is answered by its text.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])

from feature_pipeline_parts.alert import FailureAlert, failure_line
from feature_pipeline_parts.interval import interval_of
from feature_pipeline_parts.pipeline import feature_pipeline
from feature_pipeline_parts.settings import read_settings

PREFIX = "FEATURE_PIPELINE"


def dag(variables: dict[str, str] | None = None, prefix: str = PREFIX) -> Any:
    """Return the DAG that some variables give, beside those of the environment."""
    return feature_pipeline("pipeline", read_settings(prefix, dict(os.environ) | (variables or {})))


def structure(**given: Any) -> dict[str, Any]:
    """Return what a scheduler would see."""
    found = dag(**given)
    tasks = {
        task.task_id: {
            "above": sorted(task.upstream_task_ids),
            "pool": task.pool,
            "retries": task.retries,
            "retry_delay": task.retry_delay.total_seconds(),
            "backoff": task.retry_exponential_backoff,
            "timeout": task.execution_timeout.total_seconds(),
            "weight_rule": str(task.weight_rule),
            "alerts": [type(one).__name__ for one in task.on_failure_callback],
            "words": getattr(task, "words", None),
            "kind": type(task).__name__,
        }
        for task in found.tasks
    }
    wait = found.get_task("raw.wait_for_raw")
    return {
        "tasks": tasks,
        "groups": sorted(name for name in found.task_group_dict if name),
        "schedule": [type(found.timetable).__name__, found.timetable.expression],
        "start_date": found.start_date.isoformat(),
        "catchup": found.catchup,
        "max_active_runs": found.max_active_runs,
        "params": {name: found.params[name] for name in found.params},
        "wait": [wait.mode, wait.poke_interval, wait.exponential_backoff, wait.timeout],
    }


def interval(
    params: dict[str, Any],
    start: str | None = None,
    end: str | None = None,
    logical_date: str | None = None,
) -> str:
    """Return the interval of a run."""
    return str(interval_of(_context(params, start, end, logical_date)))


def poke(start: str, end: str) -> bool:
    """Look once for the raw data of an interval."""
    sensor = dag().get_task("raw.wait_for_raw")
    sensor.words = ["python", "scripts/check_raw.py", "--start", start, "--end", end]
    return sensor.poke({})


def alert(url: str) -> str:
    """Send the alert of a failed task, and return its line."""
    os.environ["PROBE_URL"] = url
    task = SimpleNamespace(dag_id="pipeline", task_id="dbt.build", log_url="http://log")
    context = _context({}, "2024-05-01", "2024-05-02", "2024-05-01") | {"ti": task}
    FailureAlert("PROBE_URL")(context)
    return failure_line(context)


def environment(prefix: str, name: str) -> str | None:
    """Return a variable of the commands of a deployment."""
    return read_settings(prefix).environment().get(name)


def _context(
    params: dict[str, Any], start: str | None, end: str | None, logical_date: str | None
) -> dict[str, Any]:
    times = {"data_interval_start": start, "data_interval_end": end, "logical_date": logical_date}
    return {"params": params} | {
        name: datetime.fromisoformat(f"{text}T00:00:00+00:00") if text else None
        for name, text in times.items()
    }


ANSWERS = {one.__name__: one for one in (structure, interval, poke, alert, environment)}


def answer(request: dict[str, Any]) -> Any:
    """Return the answer to one request."""
    arguments = {name: value for name, value in request.items() if name != "ask"}
    try:
        return ANSWERS[request["ask"]](**arguments)
    # Whatever it is, a test says whether it should have been.
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    print(json.dumps([answer(request) for request in json.load(sys.stdin)]))
