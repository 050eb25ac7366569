"""Training sets that are refused: wrong requests and folders; and stopped processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from feature_store import FeatureStoreError
from feature_store.registry.deprecation import DeprecatedFeatureViewWarning
from feature_store.training.splits import split_by_hash, split_by_time
from support.errors import raises
from support.paths import SCRIPTS
from support.projects.training_project import TrainingProject
from support.servers.redis_server import TIMEOUT, assert_clear, wait_for

pytestmark = pytest.mark.slow

#: Labels that take long to join.
MANY = (
    "select (n % 20)::bigint as customer_id, 'north' as shop, timestamp '2024-02-01' + "
    "n * interval 1 millisecond as label_time, n % 3 = 0 as y from range(3_000_000) as r(n)"
)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ({"labels": "churner"}, ["labels 'churner': there is no such file and no such dbt model",
                                 "near names: churners"]),
        ({"labels": "select 1 as x"}, ["the spine cannot be joined: 3 errors",
                                       "time column label_time is missing",
                                       "key column customer_id is missing"]),
        ({"labels": "select oops"}, ["the spine cannot be read"]),
        ({"labels": "select * from raw_labels where false"},
         ["no row of the labels belongs to a split; 0 rows belong to none"]),
        ({"features": "churns"}, ["there is no feature service 'churns'", "near names: churn"]),
        ({"features": ["purchases:v3"]}, ["purchases", "v1, v2"]),
        ({"features": ["purchases:spend_8d"]},
         ["feature view purchases:v2 has no feature 'spend_8d'", "near names: spend_9d"]),
        ({"features": []}, ["no features are requested"]),
        ({"mode": "as_seen"}, ["mode 'as_seen' is not known", "as_recomputed or as_served"]),
        ({"mode": "as_served"}, ["feature view visits:v1 is not served"]),
        ({"max_age": "long"}, ["duration 'long'", "such as 120d"]),
        ({"label": "is_churn"}, ["the labels have no column 'is_churn'", "is_churned"]),
        ({"rule": split_by_time("2024-02-25,2024-02-20")}, ["test_from: a time after"]),
        ({"rule": split_by_time("2024-02-25,soon")}, ["test_from: a UTC time is allowed"]),
        ({"rule": split_by_time("2024-02-25,2024-03-08", "")}, ["label_window: a whole number"]),
        ({"rule": split_by_hash("80,10,20", ["shop"])}, ["add up to 100", "110"]),
        ({"rule": split_by_hash("80,10,10", ["shops"])},
         ["the labels have no column 'shops'", "near names: shop"]),
        ({"labels": "select *, 'x' as split from raw_labels",
          "rule": split_by_hash("80,10,10", ["shop"])},
         ["the labels have a column 'split', and a rule to split them is given",
          "leave one of them out"]),
        ({"labels": "select *, 'a/b' as split from raw_labels"},
         ["split 'a/b' cannot be the name of a folder", "letters, digits, _ and -"]),
        ({"labels": "select *, '' as split from raw_labels"},
         ["split '' cannot be the name of a folder"]),
        ({"labels": "select *, 1 as orders_3d from raw_labels"},
         ["columns would occur twice in the result: orders_3d"]),
    ],
)  # fmt: skip
def test_wrong_requests(options, messages, project, out):
    """Each says what is wrong and what is allowed, and leaves nothing behind."""
    with raises(*messages):
        project.build(out, **options)
    assert [*out.parent.iterdir()] == []


def test_a_wrong_rule_is_an_error_before_the_work(project: TrainingProject, tmp_path: Path) -> None:
    """Not even the folder's parent is made, which is the first thing that is."""
    with pytest.raises(FeatureStoreError, match="test_from: a UTC time is allowed"):
        project.build(tmp_path / "deep" / "set", rule=split_by_time("2024-02-25,soon"))
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing: --service or --feature, --labels, --out"),
        (["--service", "churn", "--labels", "x"], "missing: --out"),
        (["--service", "churn", "--feature", "purchases", "--labels", "x", "--out", "y"],
         "--service and --feature are both given"),
        (["--split-by-time", ""], "split by time: '' cannot be read"),
        (["--split-by-time", "2024-01-01"], "split by time: '2024-01-01' cannot be read"),
        (["--split-by-hash", "80,20"], "--split-by-hash needs --split-entity"),
        (["--split-by-hash", "80,20", "--split-entity", "shop"],
         "split by hash: '80,20' cannot be read"),
        (["--split-by-hash", "80,10,10", "--split-by-time", "a,b"], "are both given"),
        (["--label-window", "2d"], "--label-window is for --split-by-time only"),
        (["--seed", "0"], "--split-entity and --seed are for --split-by-hash only"),
        (["--mode", "now"], "--mode 'now' is not known"),
    ],
)  # fmt: skip
def test_wrong_arguments_of_the_script(arguments, message):
    """Typer's own runner: a process for each of these would take a second each."""
    import typer
    from typer.testing import CliRunner

    from feature_store.cli.verbs import train

    app = typer.Typer()
    app.command()(train.build)
    given = ["--service", "churn", "--labels", "x", "--out", "y"]
    if arguments and arguments[0] != "--service":
        arguments = given + arguments
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, FeatureStoreError)
    assert message in str(result.exception)


@pytest.mark.parametrize("node", ["model.feature_store.events", "model.feature_store.churners"])
def test_features_that_are_not_green_are_refused(node, project, tmp_path, out):
    copy = project.copy(tmp_path / "copy")
    copy.execute(
        f"update operations.dbt_results set status = 'error', message = 'boom' "
        f"where unique_id = '{node}'"
    )
    with pytest.raises(FeatureStoreError, match=f"not green\n  - {node}: error: boom\nNext: run"):
        copy.build(out)
    assert not out.exists()
    assert [*tmp_path.glob(".*")] == []


def test_deprecated_version(project: TrainingProject, out: Path) -> None:
    """Refused after its date, unless forced; a set that has one can be verified."""
    request = ["--feature", "purchases:v1:orders_3d", "--labels", "churners", "--out", str(out)]
    done = project.script(*request)
    assert_clear(
        done,
        "error feature view purchases:v1 should not be read any more: its deprecation date was "
        "2020-01-01",
        "--allow-deprecated",
    )
    assert not out.exists()
    done = project.script(*request, "--allow-deprecated")
    assert done.returncode == 0
    assert done.stderr.startswith("warning feature view purchases:v1 should not be read any more")
    with pytest.warns(DeprecatedFeatureViewWarning):
        assert project.verify(out).is_reproducible


def test_a_feature_called_split(project: TrainingProject, tmp_path: Path, out: Path) -> None:
    """It would be lost in the folders' name."""
    copy = project.copy(tmp_path / "copy")
    node = "model.feature_store.visits"
    columns = copy.node(node)["columns"]
    columns["split"] = columns.pop("orders_lifetime") | {"name": "split"}
    copy.change_manifest({"columns": columns}, node)
    copy.execute("alter table visits rename orders_lifetime to split")
    with pytest.raises(FeatureStoreError, match="a feature is called 'split'"):
        copy.build(out, features=["visits"])
    written = copy.build(out, features=["visits"], full_feature_names=True)
    assert [*written.columns][-1] == "visits_v1__split"


def test_a_set_is_replaced(project: TrainingProject, out: Path, tmp_path: Path) -> None:
    """All of it, also where the name is a link; nothing is left beside it."""
    out.mkdir()  # an empty folder is none of somebody's
    project.build(out, rule=split_by_time("2024-02-25,2024-03-08"))
    (tmp_path / "link").symlink_to(out)
    project.build(tmp_path / "link")
    assert [*content(out)] == ["metadata.json", "split=train/part-0.parquet"]
    assert {path.name for path in tmp_path.iterdir()} == {"set", "link"}
    assert (tmp_path / "link").is_symlink()
    assert out.stat().st_mode & 0o777 == 0o755
    # Also by what is made of itself.
    before = project.build(out).content_hash
    assert project.build(out, str(out / "split=train" / "part-0.parquet"), features=["visits"],
                         full_feature_names=True).rows == 302  # fmt: skip
    assert project.verify(out).content_hash != before


@pytest.mark.parametrize(
    "foreign",
    [
        {"notes.txt": "mine"},
        {"metadata.json": '{"name": "another tool\'s"}'},
        {"metadata.json": "no json"},
        {"split=train/mine.parquet": "x"},
    ],
)
def test_folders_with_other_files_are_not_touched(foreign, project, out):
    for name, text in foreign.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text)
    before = content(out)
    with pytest.raises(FeatureStoreError, match="holds something that is not a training set"):
        project.build(out)
    assert content(out) == before
    assert [*out.parent.iterdir()] == [out]


def test_files_added_to_a_training_set_are_not_lost(project: TrainingProject, out: Path) -> None:
    project.build(out)
    for name in ("model.txt", "split=train/notes.txt"):
        (out / name).write_text("trained for hours")
        before = content(out)
        with pytest.raises(FeatureStoreError, match=rf"not a training set: {name}"):
            project.build(out)
        assert content(out) == before
        (out / name).unlink()


@pytest.mark.parametrize(
    ("signal_number", "code", "leaves"),
    [(signal.SIGKILL, -9, True), (signal.SIGINT, 130, False), (signal.SIGTERM, 143, False)],
)
def test_stopped_in_the_middle(signal_number, code, leaves, project, out):
    """The set that was there stays; what a killed process leaves has a name that tells it."""
    project.build(out)
    before = content(out)
    running = subprocess.Popen(
        [sys.executable, str(SCRIPTS / "build_training_set.py"), "--service", "churn", "--labels",
         MANY, "--out", str(out)],
        env=project.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: any(out.parent.glob(".set-new-*/*")), "the first file")
        running.send_signal(signal_number)
        told = running.communicate(timeout=TIMEOUT)[1]
    finally:
        running.kill()
        running.wait()
    assert running.returncode == code
    assert "Traceback" not in told
    assert content(out) == before
    left = [path.name for path in out.parent.iterdir() if path != out]
    assert bool(left) == leaves
    assert all(name.startswith(".set-new-") for name in left)
    project.build(out, features=["visits"])
    assert project.verify(out).is_reproducible
    assert [*out.parent.iterdir()] == [out]


def test_the_old_set_is_restored_where_it_cannot_be_replaced(project, out, monkeypatch):
    """A Ctrl-C between the two renames, which no process can be stopped at from outside."""
    project.build(out)
    before = content(out)
    rename = os.rename

    def stopped(source: Any, target: Any) -> None:
        if Path(target) == out and ".set-new-" in str(source) and "-old" not in str(source):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        project.build(out, features=["visits"])
    assert content(out) == before
    assert [*out.parent.iterdir()] == [out]
