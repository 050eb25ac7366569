"""The installer of the dbt packages, run as in the set-up, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support.expectations.project import write_project
from support.paths import SCRIPTS
from support.processes import run_python
from support.projects.compiled_project import dbt

pytestmark = pytest.mark.slow

STAND_IN = SCRIPTS / "stand_in" / "dbt_expectations"
#: A port where nothing listens: the hub is out of reach, whatever the network.
NO_HUB = "http://127.0.0.1:9/"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a dbt project without installed packages."""
    write_project(tmp_path / "project")
    return tmp_path / "project"


def _install(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = (SCRIPTS / "install_dbt_packages.py", "--project-dir", project, *options)
    return run_python(*command, env={**os.environ, "DBT_PACKAGE_HUB_URL": NO_HUB})


def _name_packages(project: Path, *packages: dict[str, object]) -> None:
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": list(packages)}))


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _only_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("options", [(), ("--stand-in",)])
def test_stand_in_is_installed_where_the_hub_is_out_of_reach(project: Path, options: tuple[str]):
    line = _only_line(_install(project, *options))
    version = yaml.safe_load((STAND_IN / "dbt_project.yml").read_text())["version"]
    assert f"dbt_expectations {version} (the project's stand-in)" in line
    assert _files(project / "dbt_packages" / "dbt_expectations") == _files(STAND_IN)
    assert not list(project.glob(".dbt_packages_*"))


def _assert_parses(project: Path) -> None:
    parsed = dbt(project, "parse")
    assert parsed.returncode == 0, parsed.stdout


def test_dbt_parses_a_project_with_the_stand_in(project: Path):
    _install(project)
    _assert_parses(project)


def test_current_stand_in_is_left_alone(project: Path):
    _install(project, "--stand-in")
    before = (project / "dbt_packages").stat()
    assert "already installed and current" in _only_line(_install(project))
    assert "already installed and current" in _only_line(_install(project, "--stand-in"))
    after = (project / "dbt_packages").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_current_packages_need_neither_dbt_nor_network(project: Path):
    _install(project, "--stand-in")
    code = (
        "import sys; from pathlib import Path; from feature_store.dbt.packages import install;"
        "install(Path(sys.argv[1])); print([n for n in sys.modules if n in ('dbt', 'requests')])"
    )
    assert run_python("-c", code, project, cwd=SCRIPTS, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("change", ["edited", "removed", "added"])
def test_outdated_stand_in_is_installed_anew(project: Path, change: str):
    _install(project, "--stand-in")
    installed = project / "dbt_packages" / "dbt_expectations"
    if change == "edited":
        (installed / "README.md").write_text("of last year")
    elif change == "removed":
        (installed / "macros" / "_within_bounds.sql").unlink()
    else:
        (installed / "macros" / "left_over.sql").write_text("{% macro left_over() %}{% endmacro %}")
    assert "installed because" in _only_line(_install(project))
    assert _files(installed) == _files(STAND_IN)


def test_real_packages_are_required_but_out_of_reach(project: Path):
    _install(project, "--stand-in")
    before = _files(project)
    done = _install(project, "--real")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "hub cannot be reached" in done.stderr
    assert _files(project) == before


def test_options_exclude_each_other(project: Path):
    done = _install(project, "--real", "--stand-in")
    assert done.returncode == 1
    assert "--stand-in and --real" in done.stderr


def test_packages_without_stand_in_are_named_and_nothing_is_installed(project: Path):
    _name_packages(
        project,
        {"package": "metaplane/dbt_expectations", "version": "0.10.10"},
        {"package": "dbt-labs/dbt_utils", "version": "1.3.0"},
        {"local": "../dbt-audit"},
    )
    done = _install(project)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no stand-in for dbt_utils, dbt_audit" in done.stderr
    assert not (project / "dbt_packages").exists()


def test_dbt_date_may_be_named_beside_dbt_expectations(project: Path):
    _name_packages(
        project,
        {"package": "metaplane/dbt_expectations", "version": "0.10.10"},
        {"package": "godatadriven/dbt_date", "version": "0.17.0"},
    )
    assert "dbt_date" in _only_line(_install(project))
    _assert_parses(project)


@pytest.mark.parametrize("text", ["packages: []", "packages: all", "packages: [3]", "- x: [", ""])
def test_unreadable_packages_file_is_a_clear_error(project: Path, text: str):
    (project / "packages.yml").write_text(text)
    done = _install(project)
    assert done.returncode == 1
    assert "packages.yml: " in done.stderr
    assert "Traceback" not in done.stderr


def _git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository that holds a dbt package named dbt_expectations."""
    folder = tmp_path / "dbt-expectations"
    shutil.copytree(STAND_IN, folder)
    _git(folder, "init", "--initial-branch", "main")
    _git(folder, "add", ".")
    _git(folder, "commit", "--message", "first")
    return folder


def test_real_packages_are_installed_once_and_again_when_packages_file_changes(
    project: Path, repository: Path
):
    package = {"git": repository.as_uri(), "revision": "main"}
    _install(project, "--stand-in")
    _name_packages(project, package)
    assert "(real), installed by dbt deps" in _only_line(_install(project, "--real"))
    assert not list(project.glob(".dbt_packages_*"))
    assert "(real), already installed and current" in _only_line(_install(project))

    (project / "packages.yml").write_text(
        "# a comment changes nothing\n" + (project / "packages.yml").read_text()
    )
    assert "already installed and current" in _only_line(_install(project))
    _name_packages(project, {**package, "warn-unpinned": False})
    assert "installed by dbt deps" in _only_line(_install(project))
    _assert_parses(project)


def test_failed_dbt_deps_leaves_the_installed_packages(project: Path, repository: Path):
    _name_packages(project, {"git": repository.as_uri(), "revision": "main"})
    _install(project, "--real")
    before = _files(project / "dbt_packages")
    _name_packages(project, {"git": repository.as_uri(), "revision": "no-such-branch"})
    done = _install(project, "--real")
    assert done.returncode == 1
    assert "dbt deps failed" in done.stderr
    assert _files(project / "dbt_packages") == before
    assert not list(project.glob(".dbt_packages_*"))


def test_packages_that_dbt_deps_installed_by_hand_are_kept(project: Path):
    shutil.copytree(STAND_IN, project / "dbt_packages" / "dbt_expectations")
    (project / "dbt_packages" / "dbt_expectations" / "README.md").write_text("the real one")
    (project / "package-lock.yml").write_text(
        "packages: [{name: dbt_expectations, package: some/package, version: 0.10.10}]"
    )
    assert "dbt_expectations 0.10.10 (real), kept" in _only_line(_install(project))
    assert "stand-in" in _only_line(_install(project, "--stand-in"))
