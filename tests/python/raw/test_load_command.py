"""The command line of load_raw.py, run in its own processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feature_store.errors import FeatureStoreError
from support.paths import REPOSITORY
from support.projects.raw_project import HEADER, ORDERS, RawProject, clean_environment

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(project: RawProject) -> RawProject:
    """Give a project with two tables, nothing loaded."""
    project.write("o.csv", HEADER + "1,1.50,x,2017-01-01\n2,2,y,2017-01-02\n")
    project.write("in/p.csv", "id\n1\n2\n3\n")
    project.declare("o.csv", event_time="sold_at")
    project.declare("in/p.csv", {"id": "bigint"}, table="products")
    return project


def closing_table(output: str) -> dict[str, list[str]]:
    """Return the rows of the closing table without their seconds, by their first cell."""
    rows = [line.split() for line in output.splitlines() if re.search(r"\d\.\d\d$", line)]
    return {row[0]: row[1:-1] for row in rows}


def test_load_and_load_again(shop: RawProject) -> None:
    first = shop.command()
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.split("\n")[0].split() == (
        ["table", "files", "rows", "read", "loaded", "skipped", "rejected", "seconds"]
    )
    assert closing_table(first.stdout) == {
        "orders": ["1", "2", "2", "0", "0"],
        "products": ["1", "3", "3", "0", "0"],
        "total": ["2", "5", "5", "0", "0"],
    }
    before = shop.dump()
    again = shop.command()
    assert closing_table(again.stdout)["total"] == ["2", "0", "0", "5", "0"]
    assert "orders, products: file skipped: the same content is loaded already" in again.stdout
    assert shop.dump() == before


def test_one_table_and_an_interval(shop: RawProject) -> None:
    done = shop.command(
        "--table", "orders", "--start", "2017-01-02T01:00:00+01:00", "--end", "2017-01-03"
    )
    assert done.returncode == 0
    assert closing_table(done.stdout) == {"orders": ["1", "1", "1", "0", "0"]}
    assert shop.values("id") == [2]


def test_a_failing_table_is_left_and_the_others_are_loaded(shop: RawProject) -> None:
    shop.run()
    shop.write("o.csv", HEADER + "1,1.50,x,2017-01-01\n2,two,y,2017-01-02\n")
    shop.write("in/p.csv", "id\n4\n")
    before = shop.dump()
    done = shop.command()
    assert done.returncode == 1
    assert done.stderr.startswith("error o.csv, line 3, column amount: 'two' is not a valid number")
    assert "Traceback" not in done.stderr + done.stdout
    assert closing_table(done.stdout)["orders"] == ["failed", "-", "-", "-", "-"]
    after = shop.dump()
    assert after["raw.orders"] == before["raw.orders"]
    assert shop.rows("id", "products") == [(4,)]
    apart = shop.command("--quarantine")
    assert apart.returncode == 0
    assert closing_table(apart.stdout)["orders"] == ["1", "2", "1", "0", "1"]
    assert "orders: in raw.raw_rejects: 1 malformed row" in apart.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--table", "order"],
            "no such table among the sources with config.meta.load\nAllowed: near",
        ),
        (["--start", "soon"], "--start: 'soon' is not a valid time"),
        (["--start", "2017-01-02", "--end", "2017-01-02"], "--start 2017-01-02 is not before"),
    ],
)
def test_wrong_arguments(shop: RawProject, arguments: list[str], words: str) -> None:
    done = shop.command(*arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not shop.warehouse.exists()


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("sources: [", "not valid YAML"),
        ("sources: [shop]", "models/x/_sources.yml: sources holds 'shop'"),
        ("sources: [{name: a, tables: {x: 1}}]", "source a: tables holds {'x': 1}"),
        (
            "sources: [{name: a, tables: [{name: b}]}]",
            "no source table declares the path of its files",
        ),
        ("load: {path: 3}", "source shop, table t: config.meta.load has no path"),
        ("load: {path: a, delimeter: x}", "unknown key 'delimeter'"),
        ("load: {path: a, format: xml}", "config.meta.load.format is 'xml'"),
        ("load: {path: a, delimiter: ab}", "config.meta.load.delimiter is 'ab'"),
        ("load: {path: a, null_values: NA}", "config.meta.load.null_values is 'NA'"),
        ("load: {path: a, event_time: at}", "config.meta.load.event_time names 'at'"),
    ],
)
def test_wrong_declarations(shop: RawProject, yaml: str, words: str) -> None:
    if yaml.startswith("load"):
        yaml = f"sources: [{{name: shop, tables: [{{name: t, config: {{meta: {{{yaml}}}}}}}]}}]"
    shop.write("models/x/_sources.yml", yaml)
    with pytest.raises(FeatureStoreError) as caught:
        shop.run()
    assert words in str(caught.value)
    assert str(caught.value).startswith(("models/x/_sources.yml", str(shop.folder)))


def test_a_warehouse_that_another_process_writes_to(shop: RawProject) -> None:
    hold = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); "
        "sys.stdin.read()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", hold, str(shop.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        done = shop.command()
    assert done.returncode == 1
    assert "another process has the warehouse open" in done.stderr
    assert "Traceback" not in done.stderr
    assert shop.load(tables=["orders"]).loaded == 2


def test_a_killed_load_leaves_the_old_state(shop: RawProject, tmp_path: Path) -> None:
    shop.declare("*.csv", ORDERS)
    shop.run()
    before = shop.dump()
    # More than DuckDB keeps in one row group, so that part of it is on disk when the kill comes.
    shop.write("a.csv", HEADER + "".join(f"{i},1,x,2017-01-01\n" for i in range(300_000)))
    shop.write("o.csv", HEADER)
    die = (
        "import os, signal\n"
        "from feature_store.raw.load import load\n"
        "from feature_store.raw.load_request import LoadRequest\n"
        "from feature_store.settings import load_settings\n"
        "def stop(table, file):\n"
        "    if file.label == 'o.csv':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "load(load_settings(), LoadRequest(), stop)\n"
    )
    scripts = REPOSITORY / "scripts"
    killed = subprocess.run(
        [sys.executable, "-c", die],
        cwd=tmp_path,
        env=clean_environment() | {"PYTHONPATH": os.fspath(scripts)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert shop.dump() == before
    done = shop.command()
    assert closing_table(done.stdout)["orders"] == ["2", "300,000", "300,000", "0", "0"]
    assert shop.query("select count(*) from raw.orders") == [(300_000,)]
