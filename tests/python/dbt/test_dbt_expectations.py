"""The dbt_expectations stand-in: failures, errors and documentation of each of its expectations."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from support.expectations.bad_arguments import BAD_ARGUMENTS
from support.expectations.cases import CASES, Case
from support.expectations.project import (
    errors_of_bad_arguments,
    failures_of_run,
    write_cases,
    write_project,
)
from support.paths import REPOSITORY
from support.projects.compiled_project import dbt

pytestmark = pytest.mark.slow

STAND_IN = REPOSITORY / "scripts" / "stand_in" / "dbt_expectations"
TESTS = sorted(path.stem for path in (STAND_IN / "macros").glob("expect_*.sql"))


def _project_with_stand_in(folder: Path) -> Path:
    write_project(folder)
    shutil.copytree(STAND_IN, folder / "dbt_packages" / "dbt_expectations")
    return folder


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int | None]:
    """Return the failures that one ``dbt build`` of all cases found, by test name."""
    folder = _project_with_stand_in(tmp_path_factory.mktemp("cases") / "project")
    write_cases(folder, CASES)
    built = dbt(folder, "build")
    assert "Done." in built.stdout, built.stdout + built.stderr
    return failures_of_run(folder)


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = _project_with_stand_in(tmp_path_factory.mktemp("errors") / "project")
    return errors_of_bad_arguments(folder)


@pytest.mark.parametrize(("position", "case"), list(enumerate(CASES)), ids=map(str, CASES))
def test_failures_are_those_of_the_real_package(
    position: int, case: Case, failures: dict[str, int | None]
):
    assert failures[f"case_{position}"] == case.failures


@pytest.mark.parametrize("test", TESTS)
def test_each_expectation_has_a_case_that_passes_and_one_that_fails(test: str):
    counts = [case.failures for case in CASES if f"expect_{case.test}" == test]
    assert 0 in counts
    assert any(counts)


@pytest.mark.parametrize(
    ("position", "bad"),
    list(enumerate(BAD_ARGUMENTS)),
    ids=[f"{test}-{arguments}" for test, arguments, _ in BAD_ARGUMENTS],
)
def test_bad_argument_stops_dbt_with_a_clear_error(
    position: int, bad: tuple[str, dict[str, object], list[str]], errors: list[str]
):
    test, _, told = bad
    assert f"expect_{test}: " in errors[position]
    for words in told:
        assert words in errors[position]


def test_expectation_that_the_stand_in_lacks_is_named_in_the_error_of_dbt(tmp_path: Path):
    folder = _project_with_stand_in(tmp_path / "project")
    write_cases(folder, [Case("column_to_exist", "sales", 0, {"column_name": "amount"})])
    build = dbt(folder, "build")
    assert build.returncode == 1
    assert "no attribute 'test_expect_column_to_exist'" in build.stdout
    assert "calling a macro that does not exist" in build.stdout


def test_readme_lists_every_expectation():
    listed = re.findall(r"`(expect_\w+)`", (STAND_IN / "README.md").read_text())
    assert sorted(listed) == TESTS


def test_project_compiles_before_its_tables_are_built(tmp_path: Path):
    folder = _project_with_stand_in(tmp_path / "project")
    write_cases(folder, list({case.test: case for case in CASES}.values()))
    compiled = dbt(folder, "compile")
    assert compiled.returncode == 0, compiled.stdout
    assert "in the yaml for macro" not in compiled.stdout  # dbt's check of the properties


def _signature(test: str) -> list[str]:
    """Return the argument names of a generic test's Jinja signature."""
    text = (STAND_IN / "macros" / f"{test}.sql").read_text()
    arguments = re.search(r"{% test " + test + r"\((.*?)\) %}", text, re.DOTALL)
    assert arguments, f"{test}.sql does not define the test {test}"
    return [argument.split("=")[0].strip() for argument in arguments.group(1).split(",")]


def test_properties_describe_every_test_and_argument():
    described = yaml.safe_load((STAND_IN / "macros" / "macros.yml").read_text())["macros"]
    assert {macro["name"] for macro in described} == {f"test_{test}" for test in TESTS}
    for macro in described:
        names = [argument["name"] for argument in macro["arguments"]]
        assert names == _signature(macro["name"].removeprefix("test_"))
        assert macro["description"].strip()
        assert all(argument["description"].strip() for argument in macro["arguments"])
