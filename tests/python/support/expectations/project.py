"""A temporary dbt project that runs the cases on DuckDB."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from support.expectations.bad_arguments import BAD_ARGUMENTS
from support.expectations.cases import Case
from support.expectations.tables import MODELS
from support.paths import TESTS
from support.processes import environment_without, run_python

PACKAGES = {
    "packages": [{"package": "metaplane/dbt_expectations", "version": [">=0.10.10", "<0.11.0"]}]
}


def write_project(folder: Path) -> None:
    """Write a dbt project without models, whose packages.yml names dbt_expectations."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = {"send_anonymous_usage_stats": False, "version_check": False}
    project = {
        "name": "cases",
        "version": "0.1.0",
        "config-version": 2,
        "profile": "cases",
        "flags": {**flags, "validate_macro_args": True},
        "models": {"cases": {"+materialized": "table"}},
    }
    output = {"type": "duckdb", "path": "cases.duckdb", "threads": 2}
    output["settings"] = {"TimeZone": "UTC"}
    profile = {"cases": {"target": "dev", "outputs": {"dev": output}}}
    for name, content in {
        "dbt_project.yml": project,
        "profiles.yml": profile,
        "packages.yml": PACKAGES,
    }.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))


def write_cases(folder: Path, cases: Sequence[Case]) -> None:
    """Write the models, and one data test a case, named ``case_<position>``."""
    (folder / "models").mkdir()
    for model, sql in MODELS.items():
        (folder / "models" / f"{model}.sql").write_text(sql)
    tests: dict[str, list[dict[str, object]]] = {model: [] for model in MODELS}
    for position, case in enumerate(cases):
        properties: dict[str, object] = {"name": f"case_{position}", "arguments": case.arguments}
        if case.config:
            properties["config"] = case.config
        tests[case.model].append({f"dbt_expectations.expect_{case.test}": properties})
    models = [{"name": model, "data_tests": tests[model]} for model in MODELS]
    (folder / "models" / "cases.yml").write_text(
        yaml.safe_dump({"version": 2, "models": models}, sort_keys=False)
    )


def failures_of_run(folder: Path) -> dict[str, int | None]:
    """Return how many failures each test of the last run found; None where its SQL failed."""
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].split(".")[2]: None
        if result["status"] == "error"
        else result["failures"]
        for result in results
        if result["unique_id"].startswith("test.") and result["status"] != "skipped"
    }


def write_errors_of_bad_arguments(folder: Path) -> None:
    """Parse a project once a bad test, and write what dbt said to ``errors.json``.

    Run this in a process of its own (:func:`errors_of_bad_arguments`): dbt in-process changes
    logging, warnings and the working directory of its process.
    """
    from dbt.cli.main import dbtRunner

    (folder / "models").mkdir()
    (folder / "models" / "sales.sql").write_text(MODELS["sales"])
    where = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    dbtRunner().invoke(["--quiet", "parse", *where])  # what is not the bad test is parsed once
    errors = []
    for test, arguments, _ in BAD_ARGUMENTS:
        data_test = {f"dbt_expectations.expect_{test}": {"arguments": arguments}}
        models = [{"name": "sales", "data_tests": [data_test]}]
        (folder / "models" / "sales.yml").write_text(
            yaml.safe_dump({"version": 2, "models": models})
        )
        errors.append(str(dbtRunner().invoke(["--quiet", "parse", *where]).exception))
    (folder / "errors.json").write_text(json.dumps(errors))


def errors_of_bad_arguments(folder: Path) -> list[str]:
    """Return dbt's error for each of ``BAD_ARGUMENTS``; ``None`` in letters where it had none."""
    own = {"cwd": TESTS, "env": environment_without("DBT_"), "check": True}
    run_python("-m", "support.expectations.project", folder, **own)
    return json.loads((folder / "errors.json").read_text())


if __name__ == "__main__":
    write_errors_of_bad_arguments(Path(sys.argv[1]))
