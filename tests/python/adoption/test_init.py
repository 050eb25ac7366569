"""``feature-store init`` adds what it says, asks first, and leaves nothing half-written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from feature_store.errors import FeatureStoreError
from feature_store.files import write_all
from feature_store.starter.existing_project import planned_change
from feature_store.starter.new_project import project_name, write_project
from feature_store.starter.package_source import CARRIED, package_entry
from support.paths import REPOSITORY
from support.projects.adopted_project import AdoptedProject

_ENTRY = {"local": str(REPOSITORY / "macros")}
_PACKAGES = """\
# What we use, and why.
packages:
  # Dates of our fiscal year.
  - package: godatadriven/dbt_date   # pinned: see #12
    version: ["0.17.0"]
"""


@pytest.fixture
def team(tmp_path: Path) -> AdoptedProject:
    project = AdoptedProject(tmp_path, tmp_path / "team.duckdb")
    project.write("dbt_project.yml", "name: acme_shop\nprofile: acme\n")
    return project


def added(project: AdoptedProject) -> list[dict[str, str]]:
    return yaml.safe_load((project.folder / "packages.yml").read_text())["packages"]


def test_a_project_without_packages(team: AdoptedProject) -> None:
    before = (team.folder / "dbt_project.yml").read_bytes()
    out = team.command("init")
    assert "new      packages.yml" in out
    assert added(team) == [{"local": str(CARRIED.resolve())}]
    assert (team.folder / "dbt_project.yml").read_bytes() == before
    assert "nothing to add" in team.command("init")


def test_comments_and_layout_stay(team: AdoptedProject) -> None:
    path = team.write("packages.yml", _PACKAGES)
    out = team.command("init", "--yes", "--package", _ENTRY["local"])
    assert "+  - local:" in out
    assert path.read_text() == f"{_PACKAGES}  - local: {_ENTRY['local']}\n"
    first = path.read_bytes()
    assert "nothing to add" in team.command("init", "--yes", "--package", _ENTRY["local"])
    assert path.read_bytes() == first


def test_nobody_to_ask(team: AdoptedProject) -> None:
    path = team.write("packages.yml", _PACKAGES)
    out = team.command("init", code=1)
    assert "not changed, because nobody agreed" in out
    assert "with --yes" in out
    assert path.read_text() == _PACKAGES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# none yet\n",
        "packages:\n",
        "packages: []\n",
        _PACKAGES.replace("\n", "\r\n"),
        f"\ufeff{_PACKAGES}",
    ],
)
def test_packages_of_other_layouts(team: AdoptedProject, text: str) -> None:
    path = team.folder / "packages.yml"
    path.write_bytes(text.encode())
    change = planned_change(team.folder, _ENTRY)
    assert yaml.safe_load(change.text)["packages"][-1] == _ENTRY
    assert change.text.count("\r\n") == (change.text.count("\n") if "\r\n" in text else 0)
    assert change.text.startswith("\ufeff") == text.startswith("\ufeff")
    path.write_bytes(change.text.encode())
    assert planned_change(team.folder, _ENTRY) is None


def test_dependencies_yml_is_used_where_it_is_there(team: AdoptedProject) -> None:
    team.write("dependencies.yml", "projects: [{name: other}]\n")
    assert planned_change(team.folder, _ENTRY).path.name == "dependencies.yml"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("packages.yml", "packages: {a: b}\n", "packages is not a list"),
        ("packages.yml", "packages: [\n", "is not YAML"),
        ("dbt_project.yml", "name: feature_store\n", "is called feature_store"),
    ],
)
def test_files_that_cannot_be_completed(
    team: AdoptedProject, name: str, text: str, message: str
) -> None:
    path = team.write(name, text)
    out = team.command("init", "--yes", code=1)
    assert message in out
    assert "Next: " in out
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        (
            "https://example.com/acme/store.git@v1.2.0",
            {
                "git": "https://example.com/acme/store.git",
                "subdirectory": "macros",
                "revision": "v1.2.0",
            },
        ),
        (
            "git@example.com:acme/store.git",
            {"git": "git@example.com:acme/store.git", "subdirectory": "macros"},
        ),
        (str(REPOSITORY), {"local": str(REPOSITORY / "macros")}),
    ],
)
def test_where_the_dbt_package_comes_from(
    tmp_path: Path, given: str, entry: dict[str, str]
) -> None:
    assert package_entry(given, tmp_path) == entry


def test_a_folder_inside_the_project_is_named_relative_to_it(tmp_path: Path) -> None:
    inside = tmp_path / ".venv" / "macros"
    (inside / "feature_views").mkdir(parents=True)
    (inside / "dbt_project.yml").write_text("name: feature_store\n")
    assert package_entry(str(inside), tmp_path) == {"local": ".venv/macros"}


def test_no_package_there(tmp_path: Path) -> None:
    with pytest.raises(FeatureStoreError, match="no folder with the dbt package"):
        package_entry(str(tmp_path), tmp_path)


@pytest.mark.parametrize("name", ["2shop", "a-b", "", "feature_store", "Feature_Store", "dbt", "ä"])
def test_names_that_a_project_cannot_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(FeatureStoreError, match="give"):
        project_name(name, tmp_path)


def test_the_name_of_the_folder() -> None:
    assert project_name(None, Path("/x/Zoo-tickets.v2")) == "zoo_tickets_v2"


def test_a_folder_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("ours")
    (tmp_path / "profiles.yml").write_text("ours")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FeatureStoreError, match=r"nothing was written\n  - profiles.yml"):
        write_project(tmp_path, "zoo", _ENTRY)
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "profiles.yml").unlink()
    write_project(tmp_path, "zoo", _ENTRY)
    assert (tmp_path / "README.md").read_text() == "ours"
    assert "__name__" not in "".join(
        path.read_text() for path in tmp_path.rglob("*") if path.is_file()
    )


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder is needed")
    with pytest.raises(FeatureStoreError, match="cannot be written"):
        write_all({tmp_path / name: "1" for name in ("a.yml", "new/b.yml", "models/c.sql")})
    assert os.listdir(tmp_path) == ["models"]


def test_inside_of_a_project(team: AdoptedProject) -> None:
    (team.folder / "models").mkdir()
    assert "lies in the dbt project" in team.command("init", "models", code=1)
    assert list((team.folder / "models").iterdir()) == []


@pytest.mark.parametrize(
    ("given", "address", "revision"),
    [
        ("git@host:org/repo.git", "git@host:org/repo.git", None),
        ("git@host:repo.git", "git@host:repo.git", None),
        ("me@host:org/repo.git@v1", "me@host:org/repo.git", "v1"),
        ("https://host/org/repo.git@feature/x", "https://host/org/repo.git", "feature/x"),
        ("https://me:secret@host/org/repo@v1", "https://me:secret@host/org/repo", "v1"),
        ("ssh://git@host/org/repo.git", "ssh://git@host/org/repo.git", None),
        ("org/repo.git@v1", "org/repo.git", "v1"),
    ],
)
def test_the_revision_stands_behind_the_path(
    given: str, address: str, revision: str | None, tmp_path: Path
) -> None:
    wanted = {"git": address, "subdirectory": "macros"}
    assert package_entry(given, tmp_path) == wanted | ({"revision": revision} if revision else {})


def test_packages_that_are_no_mapping(team: AdoptedProject) -> None:
    (team.folder / "packages.yml").write_text("- local: elsewhere\n")
    assert "is not a mapping" in team.command("init", "--yes", code=1)


def test_a_foreign_package_in_a_folder_macros_is_not_ours(team: AdoptedProject) -> None:
    text = "packages:\n  - git: https://host/other.git\n    subdirectory: macros\n"
    (team.folder / "packages.yml").write_text(text)
    change = planned_change(team.folder, _ENTRY)
    assert yaml.safe_load(change.text)["packages"][-1] == _ENTRY


def test_a_folder_with_files_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("ours")
    project = AdoptedProject(tmp_path, tmp_path / "warehouse.duckdb")
    out = project.command("init", code=1)
    assert "is no dbt project, and has README.md in it" in out
    assert [one.name for one in tmp_path.iterdir()] == ["README.md"]
