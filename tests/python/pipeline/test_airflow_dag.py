"""The DAG as Airflow reads it, without a run: tasks, pool, retries, settings, parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.paths import REPOSITORY
from support.projects.clicks_project import clicks_project
from support.servers.airflow_home import AirflowHome
from support.servers.http_receiver import receiver
from support.servers.redis_server import free_port

pytestmark = pytest.mark.slow

WAREHOUSE = "feature_store_warehouse"
START, END, LOAD_FROM = (
    f"{{{{ ti.xcom_pull(task_ids='interval')['{name}'] }}}}"
    for name in ("start", "end", "load_from")
)
#: The commands of the tasks, in order. Only the interval and what follows from it is in them.
COMMANDS = {
    "interval": None,
    "raw.wait_for_raw": ["python", "scripts/check_raw.py", "--start", START, "--end", END],
    "raw.load_raw": ["python", "scripts/load_raw.py", "--start", LOAD_FROM, "--end", END],
    "dbt.serving_time": ["python", "scripts/serving_time.py", "--end", END],
    "dbt.build": [
        *("dbt", "build", "--exclude-resource-type", "unit_test"),
        *("--vars", "{{ ti.xcom_pull(task_ids='dbt.serving_time') }}"),
    ],
    "online.export_to_redis": ["python", "scripts/export_to_redis.py"],
    "online.check_consistency": ["python", "scripts/check_consistency.py"],
}
#: Settings that are wrong, with what the error says.
WRONG = {
    "PROJECT_DIR": ("/nowhere", "folder with dbt_project.yml"),
    "BIN": ("bin", "absolute path of the bin folder"),
    "SCHEDULE": ("@daily", "a cron expression"),
    "START_DATE": ("May", "a date or time such as 2024-05-01"),
    "CATCHUP": ("maybe", "true or false"),
    "WAIT_TIMEOUT": ("12", "a whole number and s, m, h or d"),
    "RETRIES": ("-1", "a whole number, 0 or more"),
    "DBT_TASKS": ("many", "auto, build, models"),
}


def settings(**values: str) -> dict[str, str]:
    """Return variables with the prefix of the first deployment."""
    return {f"FEATURE_PIPELINE_{name}": value for name, value in values.items()}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    """An Airflow without a database: it only reads the DAG's files."""
    folder = tmp_path_factory.mktemp("dag")
    project = clicks_project(folder / "project")
    manifest = {"FEATURE_PIPELINE_MANIFEST": str(REPOSITORY / "target/test/manifest.json")}
    return AirflowHome(folder / "home", project, **manifest)


@pytest.fixture(scope="module")
def seen(airflow: AirflowHome) -> dict[str, Any]:
    """What several settings give, asked in one process."""
    wrong = {f"FEATURE_PIPELINE_{name}": value for name, (value, _) in WRONG.items()}
    changed = settings(
        SCHEDULE="30 2 * * *",
        START_DATE="2024-05-01",
        CATCHUP="true",
        POOL="eu",
        WAIT_FOR="clicks, carts",
        RETRIES="5",
        RETRY_DELAY="2m",
    )
    own = {"FEATURE_PIPELINE_EU_ENV_REDIS_URL": "redis://eu", "REDIS_URL": "redis://all"}
    airflow.environment.update(own)
    requests = {
        "default": {"ask": "structure"},
        "changed": {"ask": "structure", "variables": changed},
        "models": {
            "ask": "structure",
            "variables": settings(DBT_TASKS="models", PROJECT_DIR=str(REPOSITORY)),
        },
        "no manifest": {
            "ask": "structure",
            "variables": settings(DBT_TASKS="models", MANIFEST="/nowhere/manifest.json"),
        },
        "wrong": {"ask": "structure", "variables": wrong},
        "no start": {"ask": "structure", "variables": settings(CATCHUP="true")},
        "own": {"ask": "environment", "prefix": "FEATURE_PIPELINE_EU", "name": "REDIS_URL"},
        "first": {"ask": "environment", "prefix": "FEATURE_PIPELINE", "name": "REDIS_URL"},
    }
    return dict(zip(requests, airflow.probe(requests.values()), strict=True))


def test_the_commands_get_the_interval(seen: dict[str, Any]) -> None:
    tasks = seen["default"]["tasks"]
    assert {name: task["words"] for name, task in tasks.items()} == COMMANDS
    names = [*COMMANDS]
    assert {name: task["above"] for name, task in tasks.items()} == {
        name: names[number - 1 : number] if number else [] for number, name in enumerate(names)
    }
    assert seen["default"]["groups"] == ["dbt", "online", "raw"]


def test_tasks_that_open_the_warehouse_are_in_its_pool(seen: dict[str, Any]) -> None:
    """The commands that do not open it are the two that say so in their own documentation."""
    for name, task in seen["default"]["tasks"].items():
        free = name in ("interval", "raw.wait_for_raw")
        assert task["pool"] == ("default_pool" if free else WAREHOUSE), name
    for name, task in seen["models"]["tasks"].items():
        free = name in ("interval", "raw.wait_for_raw")
        assert task["pool"] == ("default_pool" if free else WAREHOUSE), name


def test_every_task_has_retries_with_growing_delays_and_an_alert(seen: dict[str, Any]) -> None:
    common = {"backoff": 2.0, "timeout": 6 * 3600, "weight_rule": "upstream"}
    for kind, retries, delay in (("default", 0, 60), ("changed", 5, 120), ("models", 0, 60)):
        for name, task in seen[kind]["tasks"].items():
            found = {key: task[key] for key in common}
            assert found == common, name
            assert (task["retries"], task["retry_delay"]) == (retries, delay), name
            assert task["alerts"] == ["FailureAlert"], name


def test_intervals_do_not_overlap_and_wait_for_their_data(seen: dict[str, Any]) -> None:
    default, changed = seen["default"], seen["changed"]
    assert default["schedule"] == ["CronDataIntervalTimetable", "0 0 * * *"]
    assert (default["catchup"], default["max_active_runs"]) == (False, 1)
    assert default["wait"] == ["reschedule", 1, True, 12 * 3600]
    assert default["params"] == {"start": None, "end": None}
    assert changed["schedule"] == ["CronDataIntervalTimetable", "30 2 * * *"]
    assert (changed["catchup"], changed["start_date"]) == (True, "2024-05-01T00:00:00+00:00")
    assert changed["tasks"]["dbt.build"]["pool"] == "eu"
    words = changed["tasks"]["raw.wait_for_raw"]["words"]
    assert words[6:] == ["--table", "clicks", "--table", "carts"]


def test_a_task_per_model_where_the_target_allows_it(seen: dict[str, Any]) -> None:
    """Each model with its tests; what stands on several tested models waits for those tests too."""
    tasks = seen["models"]["tasks"]
    assert "dbt.build" not in tasks
    assert tasks["dbt.models.order_lines_model_build"]["kind"] == "DbtBuildLocalOperator"
    assert tasks["dbt.test_sources"]["above"] == ["dbt.serving_time"]
    assert tasks["dbt.models.stg_complete_journey__products_model_build"]["above"] == [
        "dbt.test_sources"
    ]
    view = "customer_purchases_v2"
    no_future = f"saw_no_future_{view}_customer_id__ordered_at__ref_order_lines__test"
    assert tasks[f"dbt.models.online_{view}_model_build"]["above"] == [
        f"dbt.models.{name}"
        for name in (f"{view}_model_build", "order_lines_model_build", no_future)
    ]
    served = tasks[f"dbt.models.served_{view}_snapshot_build"]
    assert served["above"] == [f"dbt.models.online_{view}_model_build"]
    # The export waits for everything, the tests that nothing stands on among it.
    above = {name for task in tasks.values() for name in task["above"]}
    assert {*tasks} - above == {"online.check_consistency"}


def test_all_wrong_settings_are_reported_at_once(seen: dict[str, Any]) -> None:
    for name, (value, allowed) in WRONG.items():
        assert f"FEATURE_PIPELINE_{name} is {value!r}; allowed: " in seen["wrong"]
        assert allowed in seen["wrong"]
    assert "FEATURE_PIPELINE_CATCHUP is on without FEATURE_PIPELINE_START_DATE" in seen["no start"]
    assert "/nowhere/manifest.json: no such file" in seen["no manifest"]
    assert "Next: run dbt parse" in seen["no manifest"]


def test_a_deployment_has_an_environment_of_its_own(seen: dict[str, Any]) -> None:
    assert (seen["own"], seen["first"]) == ("redis://eu", "redis://all")


def test_the_interval_comes_from_the_run_or_its_parameters(airflow: AirflowHome) -> None:
    run = {"start": "2024-05-01", "end": "2024-05-02", "logical_date": "2024-05-01"}
    by_hand = run | {"logical_date": "2024-05-02"}
    by_the_clock = run | {"logical_date": "2024-04-20"}
    cases = [
        ({}, run, "2024-05-01T00:00:00+00:00/2024-05-02T00:00:00+00:00"),
        ({"start": None}, by_hand, "2024-05-01T00:00:00+00:00/2024-05-02T00:00:00+00:00"),
        ({"end": ""}, by_the_clock, "does not belong to its logical date 2024-04-20"),
        (
            {"start": "2024-04-01", "end": "2024-04-03T02:00:00+02:00"},
            run,
            "2024-04-01T00:00:00+00:00/2024-04-03T00:00:00+00:00",
        ),
        ({"start": "2024-04-01"}, run, "parameter end is missing"),
        ({"end": "2024-04-01"}, run, "parameter start is missing"),
        ({"start": "2024-04-02", "end": "2024-04-02"}, run, "start 2024-04-02 is not before end"),
        (
            {"start": "soon", "end": "2024-04-02"},
            run,
            "parameter start: 'soon' is not a valid time",
        ),
        ({}, {}, "the run has no interval: it was triggered without a logical date"),
    ]
    requests = [{"ask": "interval", "params": params, **given} for params, given, _ in cases]
    # Beside them, what needs a command or a server: one Python is enough for all.
    requests += [
        {"ask": "poke", "start": "2024-05-02", "end": "2024-05-03"},
        {"ask": "poke", "start": "2024-05-03", "end": "2024-05-04"},
        {"ask": "poke", "start": "2024-05-03", "end": "2024-05-01"},
    ]
    closed = f"http://127.0.0.1:{free_port()}/T0P-SECRET"
    with receiver(status=500) as (url, received):
        requests += [{"ask": "alert", "url": address} for address in (url, closed, "T0P-SECRET")]
        answers = airflow.probe(requests)
    for (_, _, expected), result in zip(cases, answers, strict=False):
        assert expected in result
        assert result == expected or result.startswith("PipelineError: ")

    there, missing, refused, *alerts = answers[len(cases) :]
    assert (there, missing) == (True, False)
    assert "scripts/check_raw.py: exit code 1" in refused
    # An alert that cannot be sent changes nothing.
    assert {*alerts} == {alerts[0]}
    assert [json.loads(body)["text"] for body in received] == alerts[:1]
