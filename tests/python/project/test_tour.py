"""The numbers that docs/tour.md and README.md show are those of the sample."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from feature_store.registry.definitions import FeatureDefinitions
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from support.documentation import (
    README,
    TOUR,
    Transcript,
    blocks,
    table_rows,
    transcript,
    without_column,
)
from support.servers.redis_server import run_script, script_environment

pytestmark = pytest.mark.slow


def run(shown: Transcript, **environment: str) -> list[str]:
    """Run a script as it is shown, and return the lines that it prints."""
    script, *arguments = shown.command.removeprefix("python scripts/").split()
    done = run_script(script, *arguments, environment=script_environment(**environment))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def counted(sample: Settings, relation: str, condition: str = "true") -> str:
    """Return the number of a table's rows, as the pages write numbers."""
    with connect(sample.warehouse_path) as connection:
        sql = f"select count(*) from {relation} where {condition}"
        [(rows,)] = connection.execute(sql).fetchall()
    return f"{rows:,}"


def test_rows_that_are_loaded(tmp_path: Path) -> None:
    shown = transcript(TOUR, "python scripts/load_raw.py")
    printed = run(shown, FEATURE_STORE_TEST_WAREHOUSE=str(tmp_path / "fresh.duckdb"))
    rows = without_column(table_rows(printed), "seconds")
    assert without_column(table_rows(shown.output), "seconds") == rows


def test_rows_that_are_valid_or_rejected(sample: Settings, definitions: FeatureDefinitions) -> None:
    counts = {
        "order lines": counted(sample, "cleaned.order_lines_checked"),
        "are valid": counted(sample, "cleaned.order_lines"),
        "are rejected": counted(sample, "cleaned.rejected_order_lines"),
    }
    text = " ".join(TOUR.read_text().split())
    assert {name: re.findall(rf"([\d,]+) {name}", text) for name in counts} == {
        name: [count] for name, count in counts.items()
    }

    shown = transcript(TOUR, "dbt show -q --inline")
    sql = re.search('"(.*)"', shown.command)[1]
    relations = {
        node["name"]: node["relation_name"] for node in definitions.manifest["nodes"].values()
    }
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", lambda found: relations[found[1]], sql)
    with connect(sample.warehouse_path) as connection:
        found = connection.execute(sql).fetchall()
    _, *rows = table_rows(shown.output)
    assert len(rows) == len(found)
    for (shown_name, lines), (name, count) in zip(rows, found, strict=True):
        assert name.startswith(shown_name.removesuffix("..."))
        assert lines == str(count)


def test_rows_that_are_exported(exported: str) -> None:
    shown = transcript(TOUR, "python scripts/export_to_redis.py").output
    printed = exported.splitlines()
    assert shown[-1] == printed[-1]
    rows = without_column(table_rows(printed[1:-1]), "seconds")
    assert without_column(table_rows(shown[1:-1]), "seconds") == rows


@pytest.mark.usefixtures("exported")
def test_features_that_are_read_back(url: str) -> None:
    shown = transcript(TOUR, "python scripts/get_features.py")
    printed = run(shown, REDIS_URL=url)
    assert shown.output[0] == printed[0]
    header, *rows = [row for row in table_rows(shown.output[1:]) if row != ["..."]]
    names, *values = table_rows(printed[1:])
    assert header == names
    # Some rows are left out; those that are shown stand in the order of the output.
    assert rows == [row for row in values if row in rows]


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize("page", [TOUR, README], ids=lambda page: page.name)
def test_features_that_are_read_in_python(
    page: Path, url: str, sample: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    with connect(sample.warehouse_path) as connection:
        labels = connection.sql("from training.churn_labels limit 5").df()
    [block] = blocks(page, "python")
    *lines, expression, comment = block.splitlines()
    names: dict[str, Any] = {"labels": labels}
    exec("\n".join(lines), names)
    shown = comment.removeprefix("# ").removesuffix("...")
    assert repr(eval(expression, names)).startswith(shown)


def test_the_training_set(tmp_path: Path) -> None:
    shown = transcript(TOUR, "python scripts/build_training_set.py")
    folder = shown.command.rpartition(" ")[2]
    command = shown.command.replace(folder, str(tmp_path / "churn"))
    printed = run(Transcript(command, []), COLUMNS="80")
    summary = "25,661 rows"
    assert summary in "\n".join(printed)
    shown_summary = "\n".join(shown.output).partition(summary)[2]
    assert summary + shown_summary in README.read_text()
    for lines in (printed, shown.output):
        lines[:] = "\n".join(lines).partition(summary)[::2]
    assert shown.output[1].split() == printed[1].split()
    shown_rows = table_rows(shown.output[0].splitlines()[1:-1])
    printed_rows = table_rows(printed[0].splitlines()[1:-1])
    assert shown_rows == [row[: len(shown_rows[0])] for row in printed_rows]


def test_the_explanation() -> None:
    shown = transcript(TOUR, "python scripts/explain_feature.py")
    printed = [" ".join(line.split()) for line in run(shown, COLUMNS="400")]
    for line in shown.output:
        # Left out are lines, columns, and the end of a long hash.
        parts = [" ".join(part.split()) for part in line.split("...")]
        assert any(re.match(".*".join(map(re.escape, parts)), text) for text in printed), line


def test_the_rows_of_a_day(sample: Settings, definitions: FeatureDefinitions) -> None:
    shown = transcript(TOUR, "make refresh")
    [(start, end)] = re.findall(r"START=(\S+) END=(\S+)", shown.command)
    [(loaded, unchanged)] = re.findall(r"([\d,]+) rows loaded, ([\d,]+) unch", shown.output[0])
    [nodes] = re.findall(r"(\d+) nodes", shown.output[1])
    day = f"transaction_timestamp >= '{start}' and transaction_timestamp < '{end}'"
    assert loaded == counted(sample, "raw.transactions", day)
    rows = {
        row[0]: row[2] for row in table_rows(transcript(TOUR, "python scripts/load_raw").output)
    }
    others = [int(rows[name].replace(",", "")) for name in ("total", "transactions")]
    assert int(unchanged.replace(",", "")) == others[0] - others[1]
    kinds = ("model", "seed", "snapshot", "test")
    built = [n for n in definitions.manifest["nodes"].values() if n["resource_type"] in kinds]
    # dbt counts the exposures too, which it has nothing to do for.
    assert int(nodes) == len(built) + len(definitions.manifest["exposures"])
