"""Training sets written by the script and by the function: files, metadata, splits, labels."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import datetime, timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from feature_store.training.splits import NO_RULE, SplitRule, split_by_hash, split_by_time
from feature_store.training.write import split_files
from support.projects.training_project import (
    COLUMNS,
    FEATURES,
    SERVICE,
    Rows,
    TrainingProject,
    files,
    metadata,
)

pytestmark = pytest.mark.slow

BY_TIME = ["--split-by-time", "2024-02-25,2024-03-08T06:00:00Z", "--label-window", "2d"]


def name(split: str) -> str:
    return f"split={split}/part-0.parquet"


def by_time(row: tuple[Any, ...]) -> str | None:
    """Return the split of BY_TIME, from its definition."""
    bounds = {"train": datetime(2024, 2, 25), "validation": datetime(2024, 3, 8, 6)}
    for split, bound in bounds.items():
        if row[2] < bound:
            return split if row[2] < bound - timedelta(days=2) else None
    return "test"


def parts(rows: Rows, splits: list[str | None]) -> dict[str, Rows]:
    """Return the files that rows should be written to, in their order."""
    found: dict[str, Rows] = {}
    for row, split in zip(rows, splits, strict=True):
        if split is not None:
            found.setdefault(name(split), []).append(row)
    return found


def test_the_script_writes_what_the_join_gives(project, joined, out):
    arguments = ["--service", "churn", "--labels", "churners", "--out", str(out)]
    done = project.script(*arguments, *BY_TIME)
    assert (done.returncode, done.stderr) == (0, "")
    expected = parts(joined, [by_time(row) for row in joined])
    assert files(out) == expected
    assert [*expected] != sorted(expected)
    dropped = len(joined) - sum(map(len, expected.values()))
    assert dropped > 5
    assert {path.name for path in out.iterdir()} == {
        "metadata.json",
        *("split=" + split for split in ("train", "validation", "test")),
    }

    found = metadata(out)
    all_rows = [row for rows in expected.values() for row in rows]
    assert (found["rows"], found["rows_in_no_split"]) == (len(all_rows), dropped)

    def times(rows: Rows) -> dict[str, str]:
        bounds = {"first_time": min(row[2] for row in rows), "last_time": max(r[2] for r in rows)}
        return {name: f"{time.isoformat()}Z" for name, time in bounds.items()}

    assert found | times(all_rows) == found
    assert [*found["splits"]] == ["train", "validation", "test"]
    for split, told in found["splits"].items():
        rows = expected[name(split)]
        facts = {"rows": len(rows), "positives": sum(row[3] for row in rows)}
        assert told == {**told, **facts, **times(rows)}
    assert found["split_rule"] == {
        "rule": "time",
        "validation_from": "2024-02-25",
        "test_from": "2024-03-08T06:00:00Z",
        "label_window": "2d",
    }

    def share(rows: Rows) -> str:
        return f"{sum(row[3] for row in rows) / len(rows):.1%}"

    shares = ", ".join(
        f"{split} {len(expected[name(split)])} ({share(expected[name(split)])} positive)"
        for split in ("train", "validation", "test")
    )
    last = done.stdout.splitlines()[-1]
    assert last == (
        f"{len(all_rows)} rows × 7 columns ({share(all_rows)} is_churned): {shares}; "
        f"{dropped} rows in no split left out; content hash {found['content_hash'][:16]}"
    )
    first = next(line for line in done.stdout.splitlines() if line.startswith("│"))
    assert re.findall(r"[^│\s]+(?: [^│\s]+)*", first)[0] == str(expected[name("train")][0][0])


def test_metadata_has_the_origin(project: TrainingProject, out: Path) -> None:
    project.build(out)
    found = metadata(out)
    assert found["service"] == "churn"
    assert found["features"] == dict(zip(FEATURES, SERVICE, strict=True))
    assert found["columns"] == {
        "customer_id": "BIGINT",
        "shop": "VARCHAR",
        "label_time": "TIMESTAMP",
        "is_churned": "BOOLEAN",
        "orders_3d": "BIGINT",
        "spend_9d": "DECIMAL(38,2)",
        "orders_lifetime": "BIGINT",
    }
    text = (project.folder / "models/labels/churners.sql").read_bytes()
    assert found["labels"] == {
        "kind": "dbt model",
        "name": "churners",
        "unique_id": "model.feature_store.churners",
        "checksum": sha256(text).hexdigest(),
        "description": "One row per customer and day: no order in the next.",
        "sql": text.decode(),
        "time": "label_time",
        "label": "is_churned",
        "columns": {column: found["columns"][column] for column in COLUMNS},
    }
    assert [(view["view"], view["version"]) for view in found["feature_views"]] == [
        ("purchases", 2),
        ("visits", 1),
    ]
    results = dict(project.query("select unique_id, invocation_id from operations.dbt_results"))
    with project.opened() as store:
        hashes = {view.unique_id: view.definition_hash for view in store.feature_views}
    for view in found["feature_views"]:
        table = "purchases_v2" if view["view"] == "purchases" else "visits"
        count, known_at = project.query(f"select count(*), max(known_at) from {table}")[0]
        assert (view["rows"], view["known_at"]) == (count, known_at.isoformat() + "Z")
        assert view["dbt_invocation_id"] == results[view["unique_id"]]
        assert view["definition_hash"] == hashes[view["unique_id"]]
        node = project.node(view["unique_id"])
        assert view["definition"]["feature_view"] == node["config"]["meta"]["feature_view"]
        assert view["definition"]["sql"] == node["raw_code"]
        made_from = view["made_from"]
        macros = {name for name in made_from if name.startswith("macro.")}
        assert {name: made_from[name] for name in made_from if name not in macros} == {
            "model.feature_store.events": project.node("model.feature_store.events")["checksum"][
                "checksum"
            ]
        }
        assert macros >= {
            f"macro.feature_store.{name}" for name in ("windowed_features", "_windowed_view_plan")
        }
    assert {*found["join_macros"]} >= {"macro.feature_store.point_in_time_join"}
    as_of = project.query("select as_of from operations.served_runs")[0][0]
    assert [view["as_of"] for view in found["feature_views"]] == [as_of.isoformat() + "Z", None]
    assert (found["project"], found["target"], found["git"]) == ("feature_store", "test", None)
    assert found["duckdb_version"] == duckdb.__version__


def test_git_revision(project: TrainingProject, tmp_path: Path, out: Path) -> None:
    copy = project.copy(tmp_path / "copy")

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", "-C", str(copy.folder), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init")
    copy.build(out)
    assert metadata(out)["git"] is None  # the repository knows nothing of the project
    git("add", "models")
    copy.build(out)
    assert metadata(out)["git"] is None  # nothing is committed yet
    (copy.folder / ".gitignore").write_text("/*\n!/models/\n")
    git("commit", "-m", "x")
    copy.build(out)
    assert metadata(out)["git"] == {"revision": git("rev-parse", "HEAD"), "is_modified": False}
    new = copy.folder / "models" / "new.sql"
    new.write_text("select 1")
    copy.build(out)
    assert metadata(out)["git"]["is_modified"] is True  # the revision lacks the new file
    new.unlink()
    (copy.folder / "models" / "events.sql").write_text("select 1")
    copy.build(out)
    assert metadata(out)["git"]["is_modified"] is True


def bucket(text: str) -> int:
    return int(md5(text.encode()).hexdigest()[:15], 16) % 100


@pytest.mark.parametrize("seed", [0, 5])
def test_split_by_hash(seed: int, project: TrainingProject, joined: Rows, out: Path) -> None:
    project.build(out, rule=split_by_hash("50, 20,30", ["customer_id", "shop"], seed))

    def split(row: tuple[Any, ...]) -> str:
        shop = row[1].replace("%", "%25").replace("|", "%7C")
        number = bucket(f"{seed}|{'%null' if row[0] is None else row[0]}|{shop}")
        return "train" if number < 50 else "validation" if number < 70 else "test"

    assert files(out) == parts(joined, [split(row) for row in joined])
    assert metadata(out)["split_rule"] == {
        "rule": "hash",
        "entity": ["customer_id", "shop"],
        "train": 50,
        "validation": 20,
        "test": 30,
        "seed": seed,
    }


@pytest.mark.parametrize("column", ["split", "Split"])
def test_split_by_a_column(column: str, project: TrainingProject, joined: Rows, out: Path) -> None:
    """Rows without one are left out; the column is the folder's name then."""
    labels = (
        "select customer_id, shop, label_time, case when customer_id < 9 then 'few' when "
        f"customer_id < 12 then 'test' end as {column}, is_churned from raw_labels"
    )
    written = project.build(out, labels)
    splits = [
        None if row[0] is None or row[0] >= 12 else "few" if row[0] < 9 else "test"
        for row in joined
    ]
    assert files(out) == parts(joined, splits)
    assert written.dropped == splits.count(None)
    assert metadata(out)["split_rule"] == {"rule": "column"}
    assert [*split_files(out)] == ["test", "few"]


def test_split_by_nothing(project: TrainingProject, joined: Rows, out: Path) -> None:
    project.build(out, rule=NO_RULE)
    assert files(out) == {name("train"): joined}


def test_a_rule_from_its_metadata() -> None:
    for rule in (NO_RULE, SplitRule("column"), split_by_time("2024-01-01, 2024-01-02", "3h"),
                 split_by_hash("80,10,10", ["a", "b"], 7)):  # fmt: skip
        assert SplitRule.from_json(json.loads(json.dumps(rule.to_json()))) == rule
