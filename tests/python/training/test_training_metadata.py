"""Changed metadata of a training set: one error that names the file and the field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from feature_store import FeatureStoreError
from feature_store.training import metadata
from feature_store.training.splits import split_by_hash, split_by_time
from support.errors import message_of
from support.json_values import Place, changed, places
from support.projects.training_project import TrainingProject
from support.servers.redis_server import assert_clear

pytestmark = pytest.mark.slow

#: What no field that is checked may be, or may be only where it was so before.
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**400, float("nan"), "", "x", "\ud800",
    [], ["x"], {}, {"x": 1}, [[[]]],
]  # fmt: skip
#: What is kept for people, and not read again.
_FOR_PEOPLE = ("service", "project", "target", "dbt_version", "git", "as_of", "first_time",
               "last_time", "rows_in_no_split", "description", "sql", "dbt_invocation_id",
               "definition_hash", "feature_view", "known_at")  # fmt: skip


@pytest.fixture(scope="module")
def folders(project: TrainingProject, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return training sets of each kind of labels, rule and mode."""
    folder = tmp_path_factory.mktemp("sets")
    project.build(folder / "time", rule=split_by_time("2024-02-25,2024-03-08", "2d"), max_age="9d")
    project.build(
        folder / "hash", "select * from raw_labels", rule=split_by_hash("80,10,10", ["shop"])
    )
    return [folder / "time", folder / "hash"]


def outcome(folder: Path, content: Any) -> str:
    """Return what reading says of metadata; nothing if it is read."""
    (folder / metadata.FILE).write_text(json.dumps(content))
    return message_of(metadata.read_metadata, folder)


def test_every_field_with_every_odd_value(folders: list[Path], tmp_path: Path):
    """No other error than ours, and none that does not name the field."""
    count = 0
    for folder in folders:
        stored = json.loads((folder / metadata.FILE).read_text())
        assert outcome(tmp_path, stored) == ""
        for place in places(stored):
            for value in [*ODD, ...]:
                count += 1
                said = outcome(tmp_path, changed(stored, place, value))
                if not said:
                    # What is read nevertheless is as good as what was there.
                    names = {*place} & {*_FOR_PEOPLE, "max_age", "label", "label_window", "version"}
                    texts = {"checksum", "made_from", "join_macros", "duckdb_version", "unique_id",
                             "view", "name", "query", "definition", "validation_from", "test_from",
                             "seed", "train", "validation", "test", "entity", "types", "rows",
                             "full_feature_names", "positives", "columns", "kind"}  # fmt: skip
                    assert names or {*place} & texts, (place, value)
                    continue
                assert said.startswith(f"{tmp_path}/metadata.json: "), (place, value)
                assert "\n  - " in said
                assert str(place[0]) in said, (place, value, said)
    assert count > 1500


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("format",), 2, "is not of format 1\n  - format: 1 is allowed; got 2"),
        (("format",), True, "format: 1 is allowed; got True"),
        (("format",), ..., "format: 1 is allowed; got None"),
        (("feature_views",), ..., "  - feature_views: is missing"),
        (("rows",), -3, "rows: a whole number that is not negative is allowed; got -3"),
        (("rows",), 303, "rows: 303, but the splits have other numbers"),
        (("content_hash",), "x" * 64, "content_hash: a hash of 64 hex digits is allowed; got 'xxx"),
        (("content_hash",), "0" * 64, "content_hash: not that of columns"),
        (("splits", "train", "rows"), "12", "splits.train.rows: a whole number"),
        (("splits", "train", "content_hash"), "0" * 32, "content_hash: not that of columns"),
        (("splits",), [], "splits: a mapping of names is allowed; got []"),
        (("columns", "shop"), "BIGINT", "content_hash: not that of columns"),
        (("columns", "shop"), {}, "columns.shop: a text is allowed; got {}"),
        (("mode",), "as_seen", "mode: as_recomputed or as_served is allowed; got 'as_seen'"),
        (("split_rule", "rule"), "dice", "split_rule.rule: none, column, time, hash is allowed"),
        (("split_rule", "window"), "2d", "split_rule.window: no field of the rule time"),
        (("labels", "time"), "no_time", "labels: no_time is none of columns"),
        (("labels", "label"), "no_label", "labels.label: no_label is none of labels.columns"),
        (("labels", "kind"), [], "labels.kind: file, dbt model, query is allowed; got []"),
        (("features", "spend_9d"), "purchases", "features.spend_9d: view:v<version>:feature is"),
        (("features", "spend_9d"), "other:v1:a", "features.spend_9d: other:v1:a is of none of"),
        (("features", "spend"), "purchases:v2:spend_9d", "features: spend is none of columns"),
        (("feature_views", 0, "version"), [2], "feature_views[0].version: a version is allowed"),
        (("feature_views", 0, "max_age"), "long", "feature_views[0].max_age: a duration such as"),
        (
            ("feature_views", 0, "made_from"),
            ["a"],
            "feature_views[0].made_from: a mapping of names",
        ),
        (("feature_views", 1), None, "feature_views[1]: a mapping is allowed; got None"),
        (("feature_views", 1, "rows"), 10**30 * -1, "feature_views[1].rows: a whole number"),
    ],
)
def test_messages(place: Place, value: Any, message: str, folders: list[Path], tmp_path: Path):
    stored = json.loads((folders[0] / metadata.FILE).read_text())
    assert message in outcome(tmp_path, changed(stored, place, value))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read: Expecting value"),
        (b"{", "cannot be read: Expecting property name"),
        (b"[" * 100_000, "cannot be read: "),
        (b"null", "is not of format 1"),
        (b"[]", "is not of format 1"),
        (b'{"format": 99}', "is not of format 1"),
        (b'{"format": 1}', "is not of format 1"),
        (b'{"format": ' + b"9" * 5000 + b"}", "cannot be read: Exceeds the limit"),
        ('{"format": 1}'.encode("utf-16"), "cannot be read: 'utf-8' codec"),
        ('{"format": 1}'.encode("utf-8-sig"), "cannot be read: Unexpected UTF-8 BOM"),
        (b"\x00\x01\xff", "cannot be read: "),
        (None, "cannot be read: "),
    ],
)
def test_other_content_than_metadata(content, message, project, tmp_path):
    path = tmp_path / metadata.FILE
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert message_of(project.verify, tmp_path).startswith(f"{path}: {message}")
    with pytest.raises(FeatureStoreError, match="holds something that is not a training set"):
        project.build(tmp_path)


def test_contradictions_between_fields(folders, project, tmp_path):
    """Fields that are right by themselves, and not by today's project or warehouse."""
    folder = folders[1]
    stored = json.loads((folder / metadata.FILE).read_text())
    try:
        for place, value, finding in [
            (("feature_views", 0, "version"), 2.5, None),
            (("feature_views", 0, "unique_id"), "model.x", "no such feature view version any more"),
            (("feature_views", 0, "max_age"), "1s", "differs in"),
            (
                ("split_rule", "entity"),
                ["nobody"],
                "split_rule.entity: nobody is none of labels.columns",
            ),
            (("split_rule", "train"), 81, "metadata.json: split_rule: hash_split: 1 error"),
            (("labels", "query"), "select 1; copy (select 1) to 'x'", None),
            (("mode",), "as_served", "visits:v1 is not served"),
        ]:
            said = outcome(folder, changed(stored, place, value))
            if not said:
                said = message_of(project.verify, folder)
            if not said:
                verified = project.verify(folder)
                said = "\n".join([*verified.findings, *verified.notes])
            assert said, place
            assert finding is None or finding in said, (place, said)
        assert outcome(folder, changed(stored, ("rows",), None)) != ""
        assert_clear(
            project.script("--verify", str(folder)),
            "metadata.json: is not of format 1, or was changed",
            "rows: a whole number that is not negative is allowed; got None",
        )
    finally:
        (folder / metadata.FILE).write_text(json.dumps(stored))
    assert project.verify(folder).is_reproducible


def test_a_time_that_python_cannot_read_is_kept_as_text(project: TrainingProject):
    with project.opened() as store, duckdb.connect() as connection:
        view = store.feature_views[0]
        connection.execute("create schema operations")
        connection.execute(
            "create table operations.served_runs as select ? as features_id, "
            "timestamp '10000-01-01' as as_of, timestamp '2024-01-01' as served_at",
            [view.unique_id],
        )
        assert metadata._as_of(connection, view) == "10000-01-01 00:00:00"
