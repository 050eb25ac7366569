"""Commands with wrong settings, files and arguments: every error is one readable message.

Most commands run in this process; a few as processes, as a person runs them.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from feature_store import FeatureStore, FeatureStoreError
from support.json_values import changed, places
from support.paths import SCRIPTS
from support.projects.hostile_cases import (
    ARGUMENTS,
    MANIFESTS,
    OF_WAREHOUSE,
    PROFILES,
    READERS,
    SETTINGS,
    WAREHOUSES,
)
from support.projects.hostile_project import (
    COMMANDS,
    HostileProject,
    Outcome,
    write_hostile_project,
)
from support.servers.redis_server import RedisServer, script_environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, shared: RedisServer) -> HostileProject:
    """Return the project, exported and as it should be; nothing may change it."""
    project = write_hostile_project(tmp_path_factory, shared)
    profiles = project.folder / "profiles.yml"
    path = "\"{{ env_var('FEATURE_STORE_WAREHOUSE', 'tiny.duckdb') }}\""
    profiles.write_text(profiles.read_text().replace("tiny.duckdb", path))
    (project.folder / "loop").symlink_to(project.folder / "loop")
    for command in ("load_raw", "export_to_redis"):
        done = project.run(command)
        assert done.code == 0, done
    return project


@pytest.fixture
def damaged(whole: HostileProject, tmp_path: Path) -> HostileProject:
    return whole.copy(tmp_path / "project")


def assert_refused(done: Outcome) -> None:
    assert done.code in (1, 2), done
    assert done.is_told(), done


@pytest.mark.parametrize("command", [one for one in COMMANDS if one not in ("refresh", "replay")])
def test_the_undamaged_project_works(whole: HostileProject, command: str, tmp_path: Path) -> None:
    """So that what is refused below is refused for what is wrong there."""
    done = whole.copy(tmp_path / "x").run_working(command)
    assert (done.code, done.err) == (0, "")


def test_wrong_settings_are_refused_before_any_work(whole: HostileProject) -> None:
    before = whole.state()
    cases = [(name, text) for name, texts in SETTINGS.items() for text in texts]
    for number, (name, text) in enumerate(cases):
        command = READERS[number % len(READERS)]
        done = whole.run_working(command, **{name: text})
        assert done.code, (name, text)
        assert_refused(done)
        assert name in done.err or text in done.err or repr(text)[1:-1] in done.err, done
    assert whole.state() == before


@pytest.mark.parametrize("address", ["x", "http://h", "redis://h:99999", "redis://h/abc", "unix:"])
@pytest.mark.parametrize("command", ["get_features", "export_to_redis", "refresh"])
def test_a_wrong_address_is_refused_before_any_work(whole, command, address):
    before = whole.state()
    assert_refused(whole.run_working(command, REDIS_URL=address))
    assert whole.state() == before


@pytest.mark.parametrize("name", ["profiles.yml", "dbt_project.yml"])
def test_damaged_settings_files(damaged: HostileProject, name: str) -> None:
    file, before = damaged.folder / name, damaged.folder / "before"
    shutil.copy(file, before)
    for number, text in enumerate([*PROFILES, b"\xff\xfe", b"caf\xe9: 1", b"\0"]):
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        state = damaged.state()
        command = READERS[number % len(READERS)]
        assert_refused(damaged.run_working(command))
        assert damaged.state() == state


def test_as_number_and_other_targets_are_read_as_dbt_does(damaged: HostileProject) -> None:
    dev = {"type": "duckdb", "path": "{{ env_var('W', 'tiny.duckdb') | as_text }}"}
    dev["threads"] = "{{ env_var('T', '2') | as_number }}"
    prod = {"type": "duckdb", "path": "{{ env_var('NOT_SET') }}"}
    profile = {"target": "dev", "outputs": {"dev": dev, "prod": prod}}
    damaged.folder.joinpath("profiles.yml").write_text(json.dumps({"tiny": profile}))
    assert damaged.run("get_features", "customer", "1").code == 0
    done = damaged.run("get_features", "customer", "1", "--target", "prod")
    assert_refused(done)
    assert "environment variable NOT_SET is not set" in done.err


def test_wrong_arguments(whole: HostileProject) -> None:
    before = whole.state()
    for line in ARGUMENTS:
        command, *arguments = line.split()
        assert_refused(whole.run(command, *arguments))
    assert whole.state() == before


@pytest.mark.parametrize("text", ["-5", "-0", "-5|x"])
@pytest.mark.parametrize("command", ["get_features", "get_features_at", "explain_feature"])
def test_an_id_may_begin_with_a_minus(whole: HostileProject, command: str, text: str) -> None:
    """It is read as an id, and not found; or is none of the entity."""
    first, _, *rest = whole.arguments(command)
    entity = "customer|shop" if "|" in text else first
    if "|" in text:
        rest = ["affinity:share" if one.startswith("purchases") else one for one in rest]
    done = whole.run(command, entity, text, *rest)
    assert_refused(done)
    assert "No such option" not in done.err
    assert "no row of" in done.err


@pytest.mark.parametrize("kind", WAREHOUSES)
def test_damaged_warehouses(damaged: HostileProject, kind: str) -> None:
    change, file = WAREHOUSES[kind], damaged.warehouse
    content = file.read_bytes()
    if isinstance(change, str):
        with duckdb.connect(str(file)) as connection:
            connection.execute(change)
    elif isinstance(change, bytes):
        file.write_bytes(change)
    elif isinstance(change, float):
        file.write_bytes(content[: int(len(content) * change)])
    else:
        at = len(content) * change // 4
        chaos = random.Random(change).randbytes(len(content) // 4)
        file.write_bytes(content[:at] + chaos + content[at + len(chaos) :])
    state = damaged.state()
    outcomes = [damaged.run_working(one) for one in OF_WAREHOUSE]
    for done in outcomes:
        assert done.is_told(), done
    # What was damaged is not touched by what reads another part of it, nor by a refusal.
    assert any(done.code for done in outcomes)
    exported, *_, built = (not done.code for done in outcomes)
    for name, text in damaged.state().items():
        if not (exported and name == "redis") and not (built and name.startswith("set/")):
            assert text == state.get(name), name


def test_damaged_manifests(damaged: HostileProject) -> None:
    content = damaged.manifest.read_text()
    for number, text in enumerate(MANIFESTS):
        damaged.manifest.unlink(missing_ok=True)
        if text is not None:
            damaged.manifest.write_text(text)
        command = ("get_features", "export_to_redis", "build_training_set")[number % 3]
        assert_refused(damaged.run_working(command))
    for change, words in (
        ({"project_name": "other"}, "is of the dbt project 'other'"),
        ({"dbt_schema_version": "https://x/manifest/v9.json"}, "another version of dbt"),
    ):
        manifest = json.loads(content)
        manifest["metadata"] |= change
        damaged.manifest.write_text(json.dumps(manifest))
        done = damaged.run("get_features", "customer", "1")
        assert_refused(done)
        assert words in done.err


def test_manifests_with_another_type_at_any_depth(damaged: HostileProject) -> None:
    """A part may not be needed; but where it is, this is said."""
    content = json.loads(damaged.manifest.read_text())
    chance = random.Random(5)
    without_macros = [*places({**content, "macros": {}})]
    for number, place in enumerate(chance.sample(without_macros, 40)):
        value = chance.choice([None, 1, "x", [], {}, ["x", 1], True])
        damaged.manifest.write_text(json.dumps(changed(content, place, value)))
        command = (*OF_WAREHOUSE, "get_features")[number % 5]
        done = damaged.run_working(command)
        assert done.is_told(), (place, done)


def test_duckdb_s_errors_do_not_reach_python(damaged, monkeypatch):
    for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    with duckdb.connect(str(damaged.warehouse)) as connection:
        connection.execute(WAREHOUSES["error in a view"])
    query = "select 1 as customer_id, timestamp '2017-01-05' as label_time"
    with FeatureStore(project_dir=damaged.folder) as store:
        found = store.get_historical_features(query, ["purchases"])
        for take in (found.to_arrow, found.to_pandas, lambda: [*found.to_batches()]):
            with pytest.raises(FeatureStoreError):
                take()


@pytest.mark.parametrize("kind", ["closed pipe", "full disk", "ascii", "bytes in an argument"])
def test_errors_of_processes(whole: HostileProject, kind: str) -> None:
    environment = script_environment(
        FEATURE_STORE_PROJECT_DIR=str(whole.folder),
        REDIS_URL=whole.server.unix_url,
        **dict.fromkeys(("DBT_TARGET", "DBT_TARGET_PATH")),
    )
    command = [sys.executable, str(SCRIPTS / "get_features_at.py"), "customer", "1"]
    command += ["--at", "2017-01-05"]
    out: Any = subprocess.PIPE
    if kind == "ascii":
        environment["PYTHONIOENCODING"] = "ascii"
    if kind == "bytes in an argument":
        command[3] = os.fsdecode(b"caf\xe9")
    if kind == "full disk":
        out = open("/dev/full", "w")  # noqa: SIM115 - closed below
    if kind == "closed pipe":
        read, out = os.pipe()
        os.close(read)
    done = subprocess.run(
        command, env=environment, stdout=out, stderr=subprocess.PIPE, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert (done.returncode == 0) == (kind == "ascii")
    if kind == "closed pipe":
        assert done.returncode == 141
    if kind == "full disk":
        assert "No space left" in done.stderr
        out.close()
