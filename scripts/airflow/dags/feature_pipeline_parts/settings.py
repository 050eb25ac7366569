"""Reads the settings of a deployment from environment variables with a common prefix."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from croniter import croniter

from feature_pipeline_parts.errors import PipelineError

#: The checkout that this file is part of.
CHECKOUT = Path(__file__).resolve().parents[4]
_DURATION = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
#: How dbt is run: in one task, in a task per model, or as the target's adapter allows.
DBT_TASKS = ("auto", "build", "models")

Value = TypeVar("Value")


@dataclass(frozen=True)
class PipelineSettings:
    """The settings of one deployment of the pipeline.

    Attributes:
        bin_dir: the ``bin`` of the project's own Python environment.
        schedule: a cron expression, UTC.
        start_date: start of the first interval, UTC.
        wait_for: source tables whose rows to wait for; none: all with an event time.
        wait_interval: the first pause between two checks for the raw data.
        lookback: the time before the interval that is loaded again, for late rows.
        retry_delay: the delay before the first retry; it doubles with each further one.
    """

    prefix: str
    project_dir: Path
    bin_dir: Path
    schedule: str
    start_date: datetime
    catchup: bool
    pool: str
    wait_for: tuple[str, ...]
    wait_interval: timedelta
    wait_timeout: timedelta
    lookback: timedelta
    retries: int
    retry_delay: timedelta
    task_timeout: timedelta
    dbt_tasks: str
    manifest: Path

    def environment(self) -> dict[str, str]:
        """Return the environment of the deployment's commands.

        It is Airflow's own, where ``<prefix>_ENV_REDIS_URL`` becomes ``REDIS_URL``. It is read when
        a task runs, so that no secret is in a DAG or in Airflow's database.
        """
        own = f"{self.prefix}_ENV_"
        # The output goes to a log: without colours, and wide enough for tables.
        environment = {"DBT_USE_COLORS": "false", "COLUMNS": "120"} | os.environ
        environment |= {
            name.removeprefix(own): value
            for name, value in os.environ.items()
            if name.startswith(own)
        }
        return environment | {"FEATURE_STORE_PROJECT_DIR": str(self.project_dir)}


def read_settings(prefix: str, variables: Mapping[str, str] = os.environ) -> PipelineSettings:
    """Read a deployment's settings from variables with a prefix such as ``FEATURE_PIPELINE``.

    Raises:
        PipelineError: settings are wrong; the message lists all of them.
    """
    errors: list[str] = []

    def read(name: str, default: str, convert: Callable[[str], Value]) -> Value | None:
        text = variables.get(f"{prefix}_{name}") or default
        try:
            return convert(text)
        except ValueError as error:
            errors.append(f"{prefix}_{name} is {text!r}; allowed: {error}")
            return None

    project_dir = read("PROJECT_DIR", str(CHECKOUT), _project)
    folder = project_dir or CHECKOUT
    settings = {
        "bin_dir": read("BIN", str(folder / ".venv" / "bin"), _bin),
        "schedule": read("SCHEDULE", "0 0 * * *", _cron),
        "start_date": read("START_DATE", "2017-01-01", _time),
        "catchup": read("CATCHUP", "false", _boolean),
        "pool": read("POOL", "feature_store_warehouse", str),
        "wait_for": read("WAIT_FOR", "", _names),
        "wait_interval": read("WAIT_INTERVAL", "1m", _duration),
        "wait_timeout": read("WAIT_TIMEOUT", "12h", _duration),
        "lookback": read("LOOKBACK", "0d", _duration),
        "retries": read("RETRIES", "3", _number),
        "retry_delay": read("RETRY_DELAY", "1m", _duration),
        "task_timeout": read("TASK_TIMEOUT", "6h", _duration),
        "dbt_tasks": read("DBT_TASKS", "auto", _dbt_tasks),
        "manifest": read("MANIFEST", str(folder / "target" / "manifest.json"), Path),
    }
    if settings["catchup"] and not variables.get(f"{prefix}_START_DATE"):
        errors.append(
            f"{prefix}_CATCHUP is on without {prefix}_START_DATE; "
            "allowed: the start of the first interval to be run, such as 2024-05-01"
        )
    if errors:
        where = "docs/operate/airflow.md"
        raise PipelineError("; ".join(errors), next_step=f"see the settings in {where}")
    return PipelineSettings(prefix=prefix, project_dir=folder, **settings)


def _project(text: str) -> Path:
    folder = Path(text)
    if not folder.is_absolute() or not (folder / "dbt_project.yml").is_file():
        raise ValueError("the absolute path of a folder with dbt_project.yml")
    return folder


def _bin(text: str) -> Path:
    folder = Path(text)
    if not folder.is_absolute():
        raise ValueError("the absolute path of the bin folder of the project's Python environment")
    return folder


def _cron(text: str) -> str:
    # A preset such as @daily would work, but it hides the hour.
    if text.startswith("@") or not croniter.is_valid(text):
        raise ValueError("a cron expression such as '0 0 * * *' (UTC)")
    return text


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a date or time such as 2024-05-01 (UTC)") from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _boolean(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in known:
        raise ValueError("true or false")
    return known[text.lower()]


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError("a whole number and s, m, h or d, such as 90s or 12h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("a whole number, 0 or more")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in re.split(r"[\s,]+", text) if name)


def _dbt_tasks(text: str) -> str:
    if text not in DBT_TASKS:
        raise ValueError(", ".join(DBT_TASKS))
    return text
