"""Declared tables without a file: created empty, while the others are loaded."""

from __future__ import annotations

import pytest

from feature_store.errors import FeatureStoreError
from feature_store.pipeline.refresh import RefreshProgress, load_step
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.report import failure
from feature_store.settings import load_settings
from support.projects.raw_project import HEADER, ORDERS, RawProject

COLUMNS = [*ORDERS, "_loaded_at", "_source_file", "_batch_id", "_source_row"]


@pytest.fixture
def project(tmp_path) -> RawProject:
    """A project with a table of one file and a table without a file."""
    project = RawProject(tmp_path)
    project.give("orders.csv", HEADER + "1,2.50,a,2024-03-05 10:00:00\n", event_time="sold_at")
    project.declare("in/returns_*.csv", table="returns", event_time="sold_at")
    return project


@pytest.mark.parametrize("path", ["in/returns_*.csv", "in/**/r.csv", "returns.csv"])
def test_the_other_tables_are_loaded_and_the_one_without_files_is_empty(
    project: RawProject, path: str
) -> None:
    project.declare(path, table="returns", event_time="sold_at")
    done = project.command("--start", "2024-03-05", "--end", "2024-03-06")
    assert done.returncode == 0, done.stderr
    found = "no such file" if path == "returns.csv" else "no file matches"
    assert f"warning: returns: {path}: {found}; the table is empty" in done.stderr
    assert len(project.rows()) == 1
    assert project.rows(table="returns") == []
    described = project.query("select column_name from (describe raw.returns)")
    assert [name for (name,) in described] == COLUMNS
    before = project.dump()
    assert project.command().returncode == 0
    assert project.dump()["raw.returns"] == before["raw.returns"]


def test_files_that_come_later_are_loaded(project: RawProject) -> None:
    project.run()
    project.write("in/returns_1.csv", HEADER + "7,1,b,2024-03-06 10:00:00\n")
    assert [result.warning for result in project.run()] == [None, None]
    assert [row[0] for row in project.rows(table="returns")] == [7]
    (project.folder / "in/returns_1.csv").unlink()
    _, returns = project.run()
    assert returns.warning == "in/returns_*.csv: no file matches; rows from earlier files stay (1)"
    assert [row[0] for row in project.rows(table="returns")] == [7]


def test_a_newly_declared_column_is_added_without_files(project: RawProject) -> None:
    project.run()
    project.declare("in/*.csv", {**ORDERS, "reason": "varchar"}, table="returns")
    project.run()
    assert project.query("select reason from raw.returns") == []


def test_a_type_that_differs_from_the_raw_table_is_an_error_without_files(
    project: RawProject,
) -> None:
    project.run()
    project.declare("in/*.csv", {**ORDERS, "note": "bigint"}, table="returns")
    _, returns = project.run()
    assert "declared as bigint, but loaded as varchar" in str(returns.error)


def test_a_table_that_is_named_needs_a_file(project: RawProject) -> None:
    _, returns = project.run(tables=["orders", "returns"])
    assert "in/returns_*.csv: no file matches" in str(returns.error)
    assert "raw.returns" not in project.dump()


def test_one_table_at_least_needs_a_file(project: RawProject) -> None:
    (project.folder / "orders.csv").unlink()
    error = failure(project.run())
    assert isinstance(error, FeatureStoreError)
    assert "orders.csv: no such file" in str(error)
    assert "in/returns_*.csv" in str(error)
    assert project.dump() == {}


def test_a_broken_file_is_still_an_error(project: RawProject) -> None:
    project.write("in/returns_1.csv", b"")
    (project.folder / "in/returns_2.csv").symlink_to("nowhere.csv")
    _, returns = project.run()
    assert "in/returns_1.csv: the file is empty" in str(returns.error)
    (project.folder / "in/returns_1.csv").unlink()
    _, returns = project.run()
    assert "in/returns_2.csv: the file was removed, or is a link" in str(returns.error)


def test_a_missing_file_of_a_package_is_an_error(project: RawProject) -> None:
    project.declare("package:feature_store/no/*.csv", table="returns")
    _, returns = project.run()
    assert "package:feature_store/no/*.csv: no file matches" in str(returns.error)


def test_a_path_through_a_file_is_an_error(project: RawProject) -> None:
    project.declare("orders.csv/*.csv", table="returns")
    _, returns = project.run()
    assert "orders.csv: cannot be read: Not a directory" in str(returns.error)


def test_a_refresh_says_which_table_has_no_file(project: RawProject) -> None:
    said: list[str] = []

    class Lines(RefreshProgress):
        def message(self, line: str) -> None:
            said.append(line)

    settings = load_settings(project_dir=project.folder)
    load_step(settings, LoadRequest(), Lines())
    warning = "warning: returns: in/returns_*.csv: no file matches; the table is empty"
    assert said == [warning]
    # A replay names all its tables, but does not need their files.
    load_step(settings, LoadRequest(["orders", "returns"], needs_files=False), Lines())
    assert said == [warning, warning]
