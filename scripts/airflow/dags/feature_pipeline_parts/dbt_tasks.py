"""The dbt tasks: one build, or a task per model where the target allows parallel writers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment

from feature_pipeline_parts.commands import ProjectOperator
from feature_pipeline_parts.errors import PipelineError
from feature_pipeline_parts.settings import PipelineSettings

#: Unit tests test the SQL, not the data: they belong to the project's tests.
_BUILD_FLAGS = ["--exclude-resource-type", "unit_test"]
#: Adapters of databases with one writer at a time.
_SINGLE_WRITERS = ("duckdb", "sqlite")


def dbt_tasks(settings: PipelineSettings, variables_of: str) -> Any:
    """Add the tasks that build, test and snapshot everything; return the first of them.

    ``variables_of`` is the id of the task whose result is dbt's vars, as JSON.
    """
    profile, target, adapter = _profile(settings)
    mode = settings.dbt_tasks
    if mode == "auto":
        mode = "build" if adapter in _SINGLE_WRITERS else "models"
    if mode == "models":
        # No task builds a source; the tests of sources come before the models.
        words = ["dbt", "test", "--select", "source:*"]
        sources = ProjectOperator(task_id="test_sources", settings=settings, words=words)
        sources >> _task_per_model(settings, variables_of, profile, target)
        return sources
    variables = f"{{{{ ti.xcom_pull(task_ids='{variables_of}') }}}}"
    return ProjectOperator(
        task_id="build",
        settings=settings,
        words=["dbt", "build", *_BUILD_FLAGS, "--vars", variables],
    )


def _profile(settings: PipelineSettings) -> tuple[str, str, str]:
    """Return the names of dbt's profile and target, and the target's adapter."""
    environment = settings.environment()
    file = _profiles_file(settings)
    project = yaml.safe_load((settings.project_dir / "dbt_project.yml").read_text())
    template = Environment(autoescape=False).from_string(file.read_text())
    # Only names and adapters are read here; dbt reports any other variable that is not set.
    text = template.render(env_var=lambda name, default="": environment.get(name, default))
    profile = yaml.safe_load(text)[project["profile"]]
    target = environment.get("DBT_TARGET") or profile.get("target", "default")
    if target not in profile["outputs"]:
        raise PipelineError(
            f"{file}: no target {target!r}",
            allowed=", ".join(sorted(profile["outputs"])),
            next_step="set DBT_TARGET to one of these",
        )
    return project["profile"], target, profile["outputs"][target]["type"]


def _profiles_file(settings: PipelineSettings) -> Path:
    folder = settings.environment().get("DBT_PROFILES_DIR", settings.project_dir)
    return Path(folder) / "profiles.yml"


def _task_per_model(
    settings: PipelineSettings, variables_of: str, profile: str, target: str
) -> Any:
    """Add a task per model, seed and snapshot, each with its tests.

    Tests of one node run with it, before anything that depends on it; tests of several nodes are
    tasks of their own.
    """
    # Imported here: one build does not need it, and Airflow reads this file often.
    import cosmos

    if not settings.manifest.is_file():
        raise PipelineError(
            f"{settings.manifest}: no such file; a task per model is made from dbt's manifest",
            next_step=f"run dbt parse in {settings.project_dir}",
        )
    group = cosmos.DbtTaskGroup(
        group_id="models",
        project_config=cosmos.ProjectConfig(
            dbt_project_path=settings.project_dir,
            manifest_path=settings.manifest,
            project_name=profile,
            install_dbt_deps=False,
        ),
        profile_config=cosmos.ProfileConfig(
            profile_name=profile, target_name=target, profiles_yml_filepath=_profiles_file(settings)
        ),
        execution_config=cosmos.ExecutionConfig(
            execution_mode=cosmos.ExecutionMode.LOCAL,
            invocation_mode=cosmos.InvocationMode.SUBPROCESS,
            dbt_executable_path=settings.bin_dir / "dbt",
            test_indirect_selection=cosmos.TestIndirectSelection.CAUTIOUS,
        ),
        render_config=cosmos.RenderConfig(
            load_method=cosmos.LoadMode.DBT_MANIFEST,
            test_behavior=cosmos.TestBehavior.BUILD,
            should_detach_multiple_parents_tests=True,
            emit_datasets=False,
        ),
        operator_args={
            "append_env": True,
            "dbt_cmd_flags": _BUILD_FLAGS,
            "interceptors": [partial(_prepare, settings, variables_of)],
        },
    )
    _hold_back_until_tested(group)
    return group


def _hold_back_until_tested(group: Any) -> None:
    """Make a node wait for a test of several nodes if it depends on all of them, as dbt build does.

    Otherwise a snapshot could record rows as served before that test fails.
    """
    nodes, tasks = group.dbt_graph.filtered_nodes, group.tasks_map
    tests = [key for key in tasks if nodes[key].resource_type.value == "test"]
    others = [key for key in tasks if key not in tests]
    above = {key: tasks[key].get_flat_relative_ids(upstream=True) for key in others}
    for test in tests:
        tested = tasks[test].upstream_task_ids
        held = {key for key in others if tested <= above[key]}
        for key in held:
            # A node that depends on a waiting node need not wait itself.
            if held.isdisjoint(nodes[key].depends_on):
                tasks[test] >> tasks[key]


def _prepare(
    settings: PipelineSettings, variables_of: str, context: Mapping[str, Any], operator: Any
) -> None:
    """Set a dbt task's vars and environment when it runs, so that Airflow does not store them.

    dbt runs in a copy of the project's folder, where a relative path would lead elsewhere.
    """
    operator.vars = json.loads(context["ti"].xcom_pull(task_ids=variables_of))
    environment = settings.environment()
    warehouse = environment.get("FEATURE_STORE_WAREHOUSE", "feature_store.duckdb")
    environment["FEATURE_STORE_WAREHOUSE"] = str(settings.project_dir / warehouse)
    operator.env = environment
