"""A real Airflow in its own environment: its command line, its metadata in a file of SQLite."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from support.paths import REPOSITORY

BIN = REPOSITORY / ".venv-airflow" / "bin"
PROBE = Path(__file__).with_name("airflow_probe.py")
#: Seconds after which a run counts as hanging.
TIMEOUT = 600


class AirflowHome:
    """A folder of Airflow's own, and the DAG of one project.

    Args:
        folder: where its metadata and logs go; it is made.
        project: the dbt project.
        variables: of the environment, beside those that every test needs.
    """

    def __init__(self, folder: Path, project: Path, **variables: str):
        if not (BIN / "airflow").exists():
            pytest.fail(f"{BIN}: no Airflow; run make .venv-airflow/.installed")
        self.folder = folder
        others = ("AIRFLOW", "FEATURE_", "DBT_", "REDIS_URL", "PYTHONPATH", "VIRTUAL_ENV")
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(others)
        } | {
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(project / "scripts/airflow/dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "false",
            "FEATURE_PIPELINE_BIN": str(Path(sys.executable).parent),
            "FEATURE_PIPELINE_RETRIES": "0",
            "FEATURE_PIPELINE_WAIT_INTERVAL": "1s",
            **variables,
        }

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of Airflow's commands."""
        return self._run([str(BIN / "airflow"), *arguments])

    def run_dag(self, logical_date: str, **parameters: str) -> subprocess.CompletedProcess[str]:
        """Run the DAG once, to its end.

        Args:
            logical_date: the run processes the last interval that ended by then.
            parameters: of the run.
        """
        given = ["--conf", json.dumps(parameters)] if parameters else []
        return self.command("dags", "test", *given, "feature_pipeline", logical_date)

    def states(self) -> dict[str, str | None]:
        """Return the states of the tasks of the run that was made last."""
        with sqlite3.connect(self.folder / "airflow.db") as connection:
            [(run,)] = connection.execute("select run_id from dag_run order by id desc limit 1")
            query = "select task_id, state from task_instance where run_id = ?"
            return dict(connection.execute(query, [run]).fetchall())

    def probe(self, requests: Iterable[dict[str, Any]]) -> list[Any]:
        """Ask the DAG's modules in Airflow's own Python; see airflow_probe.py."""
        done = self._run([str(BIN / "python"), str(PROBE)], json.dumps([*requests]))
        assert done.returncode == 0, done.stderr
        results = json.loads(done.stdout.splitlines()[-1])
        assert "T0P-SECRET" not in done.stdout + done.stderr
        return results

    def _run(self, words: list[str], given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=self.folder.parent,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
