"""Makes the DAG: wait for raw data, load, build with dbt, export, check."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, TaskGroup, get_current_context, task

from feature_pipeline_parts.alert import FailureAlert
from feature_pipeline_parts.commands import ProjectOperator, ProjectSensor
from feature_pipeline_parts.dbt_tasks import dbt_tasks
from feature_pipeline_parts.interval import PARAMS, interval_of
from feature_pipeline_parts.settings import PipelineSettings

_START = "{{ ti.xcom_pull(task_ids='interval')['start'] }}"
_END = "{{ ti.xcom_pull(task_ids='interval')['end'] }}"
_LOAD_FROM = "{{ ti.xcom_pull(task_ids='interval')['load_from'] }}"
_DOC = """\
Waits for the raw data of the run's interval, loads them, builds and tests the features with dbt,
exports what is served to Redis and checks it there. Every command takes the interval; none reads
the clock. A run can be repeated, and a range can be given as parameters.
See docs/operate/airflow.md.
"""


def feature_pipeline(dag_id: str, settings: PipelineSettings) -> DAG:
    """Make the pipeline of one deployment."""
    with DAG(
        dag_id,
        description="Raw data, dbt, Redis: one interval a run",
        doc_md=_DOC,
        # Not @daily: since Airflow 3 a plain cron schedule gives intervals of length zero.
        schedule=CronDataIntervalTimetable(settings.schedule, timezone="UTC"),
        start_date=settings.start_date,
        catchup=settings.catchup,
        max_active_runs=1,
        params=PARAMS,
        tags=["feature store"],
        default_args=_task_defaults(settings),
    ) as dag:
        interval = _interval_task(settings)
        with TaskGroup("raw", tooltip="The interval's raw data") as raw:
            wait = _wait_for_raw(settings)
            wait >> _script(settings, "load_raw", "--start", _LOAD_FROM, "--end", _END)
        with TaskGroup("dbt", tooltip="Features, tested and snapshotted") as dbt:
            serving_time = _script(settings, "serving_time", "--end", _END)
            serving_time >> dbt_tasks(settings, serving_time.task_id)
        with TaskGroup("online", tooltip="Redis") as online:
            _script(settings, "export_to_redis") >> _script(settings, "check_consistency")
        interval >> raw >> dbt >> online
    return dag


def _task_defaults(settings: PipelineSettings) -> dict[str, Any]:
    return {
        "owner": "feature store",
        # By default a task opens the warehouse, which has one writer at a time.
        "pool": settings.pool,
        # A run that has begun is completed before another run begins.
        "weight_rule": "upstream",
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(hours=1),
        "execution_timeout": settings.task_timeout,
        "on_failure_callback": FailureAlert(f"{settings.prefix}_WEBHOOK_URL"),
    }


def _script(settings: PipelineSettings, name: str, *arguments: str) -> ProjectOperator:
    """Return a task that runs a script of the project, with the script's name."""
    words = ("python", f"scripts/{name}.py", *arguments)
    return ProjectOperator(task_id=name, settings=settings, words=words)


def _wait_for_raw(settings: PipelineSettings) -> ProjectSensor:
    """Return the task that waits until the files of the interval are there."""
    return ProjectSensor(
        task_id="wait_for_raw",
        settings=settings,
        words=[
            *("python", "scripts/check_raw.py", "--start", _START, "--end", _END),
            *(word for name in settings.wait_for for word in ("--table", name)),
        ],
        pool="default_pool",  # it reads files only
        mode="reschedule",
        poke_interval=settings.wait_interval,
        exponential_backoff=True,
        max_wait=timedelta(hours=1),
        timeout=settings.wait_timeout,
    )


def _interval_task(settings: PipelineSettings) -> Any:
    @task(task_id="interval", pool="default_pool")
    def interval() -> dict[str, str]:
        """Return the run's interval; wrong parameters are an error before anything is done."""
        found = interval_of(get_current_context())
        return {
            "start": found.start.isoformat(),
            "end": found.end.isoformat(),
            "load_from": (found.start - settings.lookback).isoformat(),
        }

    return interval()
