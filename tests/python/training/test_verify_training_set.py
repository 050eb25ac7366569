"""Verification of training sets after changes of data, definitions and labels."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from feature_store.training.splits import split_by_hash, split_by_time
from feature_store.training.verify import differences
from support.projects.training_project import SERVICE, TrainingProject
from support.servers.redis_server import assert_clear

pytestmark = pytest.mark.slow

PURCHASES = "model.feature_store.purchases.v2"


@dataclass
class Case:
    """A project and a training set of it, both a test's own."""

    project: TrainingProject
    folder: Path

    def count(self, condition: str) -> int:
        """Return how many rows of the set fulfil a condition."""
        query = f"from '{self.folder}/*/*.parquet' select count(*) where {condition}"
        return duckdb.sql(query).fetchall()[0][0]

    def findings(self) -> list[str]:
        """Return why the set cannot be reproduced, which is so."""
        outcome = self.project.verify(self.folder)
        assert not outcome.is_reproducible
        return outcome.findings

    def notes(self) -> list[str]:
        """Return the notes on a set that can be reproduced."""
        outcome = self.project.verify(self.folder)
        assert (outcome.is_reproducible, outcome.findings) == (True, [])
        return outcome.notes


@pytest.fixture(scope="module")
def built(project: TrainingProject, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("verify") / "set"
    project.build(folder, rule=split_by_time("2024-02-25,2024-03-08", "2d"))
    return Case(project, folder)


@pytest.fixture
def case(built: Case, tmp_path: Path) -> Case:
    project = built.project.copy(tmp_path / "project")
    shutil.copytree(built.folder, tmp_path / "set")
    return Case(project, tmp_path / "set")


def test_nothing_changed(built: Case) -> None:
    done = built.project.script("--verify", str(built.folder))
    hash_ = json.loads((built.folder / "metadata.json").read_text())["content_hash"]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{built.folder}: reproduced, content hash {hash_[:16]}\n"


def test_changed_values(case: Case) -> None:
    """The script says in how many rows, and ends with 1; the set's own rows say how many."""
    rows = case.count("customer_id = 3 and spend_9d is not null")
    case.project.execute("update purchases_v2 set spend_9d = spend_9d + 1 where customer_id = 3")
    done = case.project.script("--verify", str(case.folder))
    total = json.loads((case.folder / "metadata.json").read_text())["rows"]
    assert_clear(
        done,
        f"error {case.folder}: cannot be reproduced\n"
        f"  - purchases:v2:spend_9d: differs in {rows} of {total} rows\n"
        "Next: go back to what it was built from",
    )
    assert 0 < rows < total


def test_data_loaded_since(case: Case) -> None:
    case.project.execute(
        "insert into visits select customer_id, shop, feature_time + interval 1 second, "
        "orders_lifetime + 1, timestamp '2024-07-01' from visits"
    )
    different, data = case.findings()
    assert different.startswith("visits:v1:orders_lifetime: differs in ")
    assert data == (
        "visits:v1: the data changed: 393 rows, the latest loaded at 2024-06-01T00:00:00Z "
        "-> 786 rows, 2024-07-01T00:00:00Z"
    )


def test_data_that_change_no_value_are_no_error(case: Case) -> None:
    case.project.execute("insert into visits values (99, 'x', timestamp '2024-01-01', 1, null)")
    assert case.notes() == []


def test_changed_type_of_a_feature(case: Case) -> None:
    case.project.execute(
        "alter table purchases_v2 alter orders_3d type varchar using 'n' || orders_3d"
    )
    type_, different = case.findings()
    assert type_ == "column orders_3d: the type was BIGINT and is VARCHAR"
    assert different.startswith("purchases:v2:orders_3d: differs in ")


def test_changed_definition(case: Case) -> None:
    """A changed definition that changes no value is a note, as is what a view is made from."""
    node = case.project.node(PURCHASES)
    meta = json.loads(json.dumps(node["config"]["meta"]))
    meta["feature_view"]["aggregates"]["spend"]["sql"] = "sum(amount) + 1"
    del meta["feature_view"]["aggregates"]["spend"]["empty"]
    config = node["config"] | {"meta": meta}
    case.project.change_manifest({"config": config, "raw_code": "select 1"}, PURCHASES)
    checksum = {"name": "sha256", "checksum": "other"}
    case.project.change_manifest({"checksum": checksum}, "model.feature_store.events")
    told = [
        "purchases:v2: the definition changed: feature_view.aggregates.spend.sql: sum(amount) -> "
        "sum(amount) + 1",
        "purchases:v2: the definition changed: feature_view.aggregates.spend.empty: 0 -> nothing",
        f"purchases:v2: the definition changed: sql: {node['raw_code']} -> select 1",
        "purchases:v2: what it is made from changed: model.feature_store.events",
        "visits:v1: what it is made from changed: model.feature_store.events",
    ]
    assert case.notes() == told
    case.project.execute("update purchases_v2 set spend_9d = 1 - spend_9d where customer_id = 3")
    different, *others = case.findings()
    assert different.startswith("purchases:v2:spend_9d: differs in ")
    assert others == told


def test_removed_feature(case: Case) -> None:
    columns = case.project.node(PURCHASES)["columns"]
    del columns["spend_9d"]
    case.project.change_manifest({"columns": columns}, PURCHASES)
    assert case.findings() == ["purchases:v2: has no feature spend_9d any more"]


def test_removed_version(case: Case) -> None:
    path = case.project.folder / "target" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["nodes"][PURCHASES]
    path.write_text(json.dumps(manifest))
    assert case.findings() == ["purchases:v2: there is no such feature view version any more"]


def test_changed_labels_are_a_note(case: Case) -> None:
    """Rows that the rule gives to no split are in the set neither then nor today."""
    case.project.execute(
        "update churners set is_churned = not is_churned where customer_id = 3; "
        "insert into churners values (1, 'north', timestamp '2024-02-12', true), "
        "(1, 'north', timestamp '2024-02-24 12:00:00', true)"
    )
    changed = case.count("customer_id = 3")
    assert changed > 2
    assert case.notes() == [
        f"labels: today {changed + 1} rows more and {changed} rows less than in the set"
    ]


def test_changed_definition_of_the_labels(case: Case) -> None:
    case.project.change_manifest(
        {"checksum": {"checksum": "other"}}, "model.feature_store.churners"
    )
    assert case.notes() == ["labels: the definition of churners changed"]


def test_labels_that_are_gone(case: Case) -> None:
    case.project.execute("drop table churners")
    (note,) = case.notes()
    assert note.startswith("labels: cannot be compared: Catalog Error: Table with name churners")


def test_labels_of_a_query(case: Case) -> None:
    """A semicolon and a comment may end it; what it gives today is compared."""
    query = "select * from raw_labels where customer_id < 9; -- few\n;"
    case.project.build(case.folder, query.replace(";", "", 1))
    assert case.notes() == []
    case.project.execute("delete from raw_labels where customer_id = 3 and is_churned")
    (note,) = case.notes()
    assert note.startswith("labels: today 0 rows more and ")


@pytest.mark.parametrize(
    "options",
    [
        {"rule": split_by_hash("60,20,20", ["customer_id", "shop"], seed=3)},
        {"max_age": {"purchases": "2d"}, "full_feature_names": True},
        {"features": SERVICE[::-1]},
        {"features": ["purchases:v1:orders_3d", *SERVICE[1:]], "allow_deprecated": True},
        {"labels": "select *, customer_id::hugeint * 3 as big, if(customer_id % 2, 'x', 'y') as "
         "Split from raw_labels"},
        {"labels": "select customer_id::hugeint as customer_id, shop, label_time, is_churned "
         "from raw_labels"},
    ],
)  # fmt: skip
@pytest.mark.filterwarnings(
    "ignore::feature_store.registry.deprecation.DeprecatedFeatureViewWarning"
)
def test_every_option_is_reproduced(options: dict[str, Any], built: Case, tmp_path: Path) -> None:
    built.project.build(tmp_path / "set", **options)
    assert Case(built.project, tmp_path / "set").notes() == []


def test_as_served_is_reproduced_from_the_snapshot(case: Case) -> None:
    labels = "select customer_id, timestamp '2100-01-01' as label_time, true as y from raw_labels"
    features = ["purchases:v2:spend_9d", "purchases:v2:orders_9d"]
    case.project.build(case.folder, labels, features=features, mode="as_served")
    case.project.execute("update purchases_v2 set spend_9d = 5, known_at = '2024-08-01'")
    assert case.notes() == []
    case.project.execute("update served_purchases_v2 set spend_9d = 5, known_at = '2024-09-01'")
    different, data = case.findings()
    served = "select count(*) from raw_labels semi join served_purchases_v2 using (customer_id)"
    count = case.project.query(served)[0][0]
    assert 0 < count < 302
    assert different == f"purchases:v2:spend_9d: differs in {count} of 302 rows"
    assert data.startswith("purchases:v2: the data changed: 20 rows, the latest loaded at ")


def test_differences_name_their_place() -> None:
    then = {"a": {"b": [1, 2], "c": "x"}, "d": None, "e": 1}
    now = {"a": {"b": [1, 3], "c": "x", "f": 0}, "d": None, "g": {"h": 1}}
    assert [*differences(then, then)] == []
    assert [*differences(then, now)] == [
        ("a.b", "[1, 2]", "[1, 3]"),
        ("a.f", "nothing", "0"),
        ("e", "1", "nothing"),
        ("g", "nothing", "{'h': 1}"),
    ]
