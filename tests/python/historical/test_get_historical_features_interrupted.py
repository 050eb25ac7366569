"""``get_historical_features``: errors while it runs, and little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from feature_store import FeatureStore, FeatureStoreError
from support.errors import raises
from support.projects.history_store import (
    FEATURES,
    START,
    HistoryStore,
    changed_manifest,
    labels,
    opened,
    refused,
)
from support.servers.redis_server import script_environment

pytestmark = pytest.mark.slow

LARGE_ROWS = 1_000_000
#: Joins a large Parquet spine in a process of its own, and prints rows and its peak memory in MB
#: (ru_maxrss would be that of the test run, which a child inherits).
LARGE = """
import re, sys
from pathlib import Path
from feature_store import FeatureStore
store = FeatureStore(project_dir=sys.argv[1])
joined = store.get_historical_features(sys.argv[2], ["purchases:spend_7d", "purchases:orders_7d"])
rows = joined.to_parquet(sys.argv[3])
print(rows, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
#: Writes to the warehouse until it is told to end.
WRITER = (
    "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); "
    "sys.stdin.read()"
)


def test_values_that_cannot_be_read(store: FeatureStore, tmp_path: Path):
    """The spine is fine when it is described, and fails when it is read."""
    query = (
        "select 1 as customer_id, timestamp '2017-01-01' as label_time, "
        "cast(w as integer) as n from (values ('1'), ('x')) as t(w)"
    )
    joined = store.get_historical_features(query, ["purchases"])
    for way_out in (
        joined.to_arrow,
        joined.to_pandas,
        lambda: [*joined.to_batches()],
        lambda: joined.to_parquet(tmp_path / "out.parquet"),
    ):
        with pytest.raises(FeatureStoreError, match="the features cannot be joined: Conversion"):
            way_out()
    assert [*tmp_path.iterdir()] == []


def test_a_file_is_complete_or_absent(store: FeatureStore, tmp_path: Path):
    """What stood there before stays, whatever happens."""
    target = tmp_path / "set.parquet"
    store.get_historical_features(labels(), FEATURES).to_parquet(target)
    before = target.read_bytes()
    late = (
        "select 1 as customer_id, timestamp '2017-01-01' as label_time, "
        "if(n = 999999, error('too late'), n::varchar) as n from range(1000000) as r(n)"
    )
    joined = store.get_historical_features(late, ["purchases"])
    with pytest.raises(FeatureStoreError, match="too late"):
        joined.to_parquet(target)
    assert target.read_bytes() == before
    assert [*tmp_path.iterdir()] == [target]


def test_a_path_that_cannot_be_written(store: FeatureStore, tmp_path: Path):
    joined = store.get_historical_features(labels(), FEATURES)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "file" / "set.parquet", tmp_path / "folder"):
        with pytest.raises(FeatureStoreError, match="cannot be written"):
            joined.to_parquet(target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


LATER = {"name": "later", "data_type": "bigint", "description": ""}


@pytest.mark.parametrize(
    ("schema", "columns", "message"),
    [("elsewhere", {}, "Catalog Error"), ("features", {"later": LATER}, "Binder Error")],
)
def test_a_warehouse_that_is_not_as_described(schema, columns, message, changing_history):
    """Tables that are not built yet, or that lack a column."""
    with changed_manifest(changing_history) as manifest:
        node = manifest["nodes"]["model.tiny.purchases.v2"]
        node["schema"] = schema
        node["columns"] |= columns
    with opened(changing_history.folder) as store:
        joined = store.get_historical_features(labels(), ["purchases"])
        with raises(message, "dbt build"):
            joined.to_arrow()


def test_a_view_that_is_not_served(changing_history: HistoryStore):
    with changed_manifest(changing_history) as manifest:
        manifest["child_map"]["model.tiny.online_affinity_v1"] = []
    with opened(changing_history.folder) as store:
        message = refused(store, labels(), FEATURES, mode="as_served")
        store.get_historical_features(labels(), FEATURES)
    assert "affinity:v1 is not served: there is no snapshot of it\nNext: use mode" in message


def test_a_warehouse_that_another_process_writes(store: FeatureStore, history: HistoryStore):
    joined = store.get_historical_features(labels(), FEATURES)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(history.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdin
    assert writer.stdout
    try:
        assert writer.stdout.readline() == "open\n"
        with pytest.raises(FeatureStoreError, match="another process has the warehouse open"):
            joined.to_arrow()
        assert "wait for the running dbt" in refused(store, labels(), FEATURES)
    finally:
        writer.stdin.close()
        writer.wait()
        writer.stdout.close()
    assert joined.to_arrow().num_rows == 6


def test_the_warehouse_is_closed_after_each_output(store: FeatureStore, history: HistoryStore):
    """A notebook that holds an joined keeps no dbt from writing."""
    joined = store.get_historical_features(labels(), FEATURES)
    joined.to_arrow()
    batches = joined.to_batches(rows=1)
    next(batches)
    batches.close()
    with duckdb.connect(str(history.warehouse)) as connection:
        connection.execute("create or replace table free as select 1 as a")


def test_memory_limits(history: HistoryStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FEATURE_STORE_MEMORY_LIMIT", "much")
    with (
        pytest.raises(FeatureStoreError, match="MEMORY_LIMIT: 'much' is no"),
        opened(history.folder),
    ):
        pass
    monkeypatch.setenv("FEATURE_STORE_MEMORY_LIMIT", "5MB")
    query = (
        f"select 1 as customer_id, timestamp '{START}' as label_time, md5(n::varchar) as n "
        "from range(300000) as r(n)"
    )
    with (
        opened(history.folder) as store,
        pytest.raises(FeatureStoreError, match="5MB of memory are not"),
    ):
        store.get_historical_features(query, ["purchases"]).to_pandas()


def test_a_spine_larger_than_memory(history: HistoryStore, tmp_path: Path):
    """The spine and the result spill to disk: the process stays near its limit."""
    spine, out = tmp_path / "labels.parquet", tmp_path / "set.parquet"
    duckdb.execute(
        f"copy (select n % 3 as customer_id, timestamp '{START}' + to_minutes(n % 7919) as "
        "label_time, n as place, md5(n::varchar) || md5((n + 1)::varchar) as note "
        f"from range({LARGE_ROWS}) as r(n)) to '{spine}'"
    )
    environment = script_environment(
        FEATURE_STORE_MEMORY_LIMIT="150MB", DBT_TARGET=None, DBT_TARGET_PATH=None
    )
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(history.folder), str(spine), str(out)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows, megabytes = map(int, done.stdout.split())
    assert rows == LARGE_ROWS
    assert megabytes < 400  # 150 MB of it DuckDB's; without a limit it takes 540 MB
    wrong = duckdb.execute(
        "select count(*) from read_parquet(?, file_row_number = true) where place <> "
        "file_row_number or orders_7d is distinct from "
        "if(customer_id = 0, null, 10 * customer_id + (place % 7919) // 1440)",
        [str(out)],
    ).fetchall()
    assert wrong == [(0,)]
    assert not [*history.folder.glob("*.tmp/*")]


def test_chunks_below_a_folder_with_a_value(store, tmp_path, monkeypatch):
    """Neither the file nor a spine takes columns from the names of the folders above."""
    monkeypatch.setattr("feature_store.historical.result.rows_of_a_chunk", lambda *_: 2)
    spine = tmp_path / "orders_7d=6" / "day=7" / "labels.parquet"
    spine.parent.mkdir(parents=True)
    joined = store.get_historical_features(labels(), FEATURES)
    expected = joined.to_arrow()
    assert expected.num_rows > 2
    given = [*labels().columns]
    duckdb.from_arrow(expected.select(given)).to_parquet(str(spine))
    out = tmp_path / "customer_id=9" / "orders_7d=5" / "set.parquet"
    store.get_historical_features(spine, FEATURES).to_parquet(out)
    read = duckdb.execute("select * from read_parquet(?, hive_partitioning = false)", [str(out)])
    columns = [column[0] for column in read.description]
    assert columns == expected.column_names
    wanted = zip(*(expected.column(name).to_pylist() for name in columns), strict=True)
    assert read.fetchall() == [*wanted]


def test_memory_of_other_connections_stays(store: FeatureStore, history: HistoryStore):
    """A limit holds for the whole process, so it is put back."""
    with duckdb.connect(str(history.warehouse), read_only=True) as other:
        other.execute("set memory_limit = '3GiB'")
        store.get_historical_features(labels(), FEATURES).to_arrow()
        limit = other.execute("select current_setting('memory_limit')").fetchall()
    assert limit == [("3.0 GiB",)]
