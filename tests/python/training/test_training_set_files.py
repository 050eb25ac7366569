"""Verification of training sets whose files were changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from feature_store import FeatureStoreError
from feature_store.training.splits import split_by_time
from support.projects.training_project import TrainingProject

pytestmark = pytest.mark.slow

PART = "split=train/part-0.parquet"


@pytest.fixture
def folder(project: TrainingProject, tmp_path: Path) -> Path:
    """Return a training set that the test may damage."""
    project.build(tmp_path / "set", rule=split_by_time("2024-02-25,2024-03-08"))
    return tmp_path / "set"


def findings_of(project: TrainingProject, folder: Path) -> list[str]:
    """Return why a set cannot be reproduced, which is so."""
    outcome = project.verify(folder)
    assert not outcome.is_reproducible
    return outcome.findings


def rewrite(path: Path, query: str) -> None:
    """Write a Parquet file anew with a query of its rows."""
    other = path.with_name("other.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"create table rows as from read_parquet('{path}', hive_partitioning = false)"
        )
        connection.execute(f"copy ({query}) to '{other}' (format parquet)")
    other.replace(path)


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (
            "select * replace (if(orders_3d = 0, 1, orders_3d) as orders_3d) from rows",
            ["split train: the file was changed since it was written ({0} rows then, {0} now)"],
        ),
        (
            "select * from rows limit 10",
            ["split train: the file was changed since it was written ({0} rows then, 10 now)"],
        ),
        (
            "select * from rows order by label_time desc",
            ["split train: the file was changed since it was written ({0} rows then, {0} now)"],
        ),
        (
            "select * rename (orders_3d as orders_4d) from rows",
            ["column orders_3d: is missing", "column orders_4d: was added"],
        ),
        (
            "select * replace (cast(orders_3d as integer) as orders_3d) from rows",
            ["column orders_3d: the type was BIGINT and is INTEGER"],
        ),
    ],
)
def test_tampered_files(change, findings, project, folder):
    for split in ("train", "validation", "test"):
        # Names and types are those of all files.
        if split == "train" or "rename" in change or "integer" in change:
            rewrite(folder / f"split={split}" / "part-0.parquet", change)
    rows = json.loads((folder / "metadata.json").read_text())["splits"]["train"]["rows"]
    assert findings_of(project, folder) == [finding.format(rows) for finding in findings]


def test_missing_and_added_files(project: TrainingProject, folder: Path) -> None:
    shutil.copy(folder / PART, folder / "split=train" / "part-1.parquet")
    assert findings_of(project, folder) == [
        "split=train/part-1.parquet: was added since it was written"
    ]
    (folder / PART).unlink()
    with pytest.raises(FeatureStoreError, match=r"cannot be read: .*part-0\.parquet"):
        project.verify(folder)
    (folder / "split=train").rename(folder / "split=other")
    (folder / "split=other" / "part-1.parquet").rename(folder / "split=other" / "part-0.parquet")
    assert findings_of(project, folder) == [
        "split other: was added since it was written",
        "split train: is missing since it was written",
    ]
    for path in folder.glob("split=*"):
        shutil.rmtree(path)
    assert findings_of(project, folder) == [
        f"split {name}: is missing since it was written" for name in ("test", "train", "validation")
    ]


def test_no_metadata(project, tmp_path):
    with pytest.raises(FeatureStoreError, match=r"no training set, there is no metadata\.json"):
        project.verify(tmp_path)


def test_a_definition_that_is_not_built(project: TrainingProject, tmp_path: Path) -> None:
    """``dbt parse`` after an edit describes what the table is not made from."""
    copy = project.copy(tmp_path / "copy")
    unique_id = "model.feature_store.purchases.v2"
    config = copy.node(unique_id)["config"]
    config["meta"]["feature_view"]["grain"] = "2d"
    copy.change_manifest({"config": config}, unique_id)
    with pytest.raises(FeatureStoreError) as caught:
        copy.build(tmp_path / "set")
    assert str(caught.value) == (
        "purchases:v2: its definition was changed since dbt built it\n"
        "Next: run dbt build, then try again"
    )
    assert not (tmp_path / "set").exists()


def test_a_long_query(project: TrainingProject, tmp_path: Path) -> None:
    """It is longer than a file's name can be, and its times are none of Python's years."""
    query = (
        "select customer_id, shop, label_time, y from (values "
        + ", ".join(f"(1, 'north', timestamp '1{year:04}-01-01', true)" for year in range(300))
        + ") as t(customer_id, shop, label_time, y)"
    )
    features = ["purchases:v2:orders_3d"]
    written = project.build(tmp_path / "set", labels=query, features=features)
    assert written.rows == 300
    assert project.verify(tmp_path / "set").is_reproducible
