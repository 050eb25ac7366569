"""The DAG: wait for raw data, load, dbt, export, check."""

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
    """Make the pipeline of one deployment.

    Args:
        dag_id: its name in Airflow.
        settings: of the deployment.
    """
    with DAG(
        dag_id,
        description="Raw data, dbt, Redis: one interval a run",
        doc_md=_DOC,
        # Not @daily: since Airflow 3 a plain cron schedule gives intervals without any length.
        schedule=CronDataIntervalTimetable(settings.schedule, timezone="UTC"),
        start_date=settings.start_date,
        catchup=settings.catchup,
        max_active_runs=1,
        params=PARAMS,
        tags=["feature store"],
        default_args={
            "owner": "feature store",
            # Whatever does not say otherwise opens the warehouse, which has one writer.
            "pool": settings.pool,
            # A run that has begun goes on before another run begins.
            "weight_rule": "upstream",
            "retries": settings.retries,
            "retry_delay": settings.retry_delay,
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(hours=1),
            "execution_timeout": settings.task_timeout,
            "on_failure_callback": FailureAlert(f"{settings.prefix}_WEBHOOK_URL"),
        },
    ) as dag:

        def command(task_id: str, *words: str, **options: Any) -> ProjectOperator:
            return ProjectOperator(task_id=task_id, settings=settings, words=words, **options)

        begin = _interval_task(settings)
        with TaskGroup("raw", tooltip="The interval's raw data") as raw:
            wait = ProjectSensor(
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
            load = command(
                "load_raw", "python", "scripts/load_raw.py", "--start", _LOAD_FROM, "--end", _END
            )
            wait >> load
        with TaskGroup("dbt", tooltip="Features, tested and snapshotted") as dbt:
            serving_time = command(
                "serving_time", "python", "scripts/serving_time.py", "--end", _END
            )
            serving_time >> dbt_tasks(settings, serving_time.task_id)
        with TaskGroup("online", tooltip="Redis") as online:
            export = command("export_to_redis", "python", "scripts/export_to_redis.py")
            check = command("check_consistency", "python", "scripts/check_consistency.py")
            export >> check
        begin >> raw >> dbt >> online
    return dag


def _interval_task(settings: PipelineSettings) -> Any:
    """Return the task that says which interval the run processes; it needs no command."""

    @task(task_id="interval", pool="default_pool")
    def interval() -> dict[str, str]:
        """Find the run's interval, and refuse wrong parameters before anything is done."""
        found = interval_of(get_current_context())
        return {
            "start": found.start.isoformat(),
            "end": found.end.isoformat(),
            "load_from": (found.start - settings.lookback).isoformat(),
        }

    return interval()
