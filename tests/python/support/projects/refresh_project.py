"""The example of clicks as a dbt project of its own: three days of events, several warehouses.

Run as a program, it refreshes one warehouse after the other in one process; dbt's start-up is paid
once.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import redis
import yaml

from feature_store.dbt.project import DbtProject
from feature_store.errors import FeatureStoreError
from feature_store.online.export.options import ExportOptions
from feature_store.online.export.run import export_features
from feature_store.pipeline.refresh import refresh
from feature_store.settings import load_settings
from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY, SCRIPTS, TESTS
from support.processes import run_python
from support.servers.redis_server import script_environment

FIRST, DAYS = datetime(2024, 5, 1), 3
#: What says when a row was loaded, not what it holds.
LOAD_COLUMNS = {"_loaded_at", "loaded_at", "known_at", "_batch_id", "batch_id"}
_PARTS = ["dbt_packages", "macros", "dbt_project.yml", "packages.yml"]
_PARTS += ["profiles.yml", "models/_groups.yml", "models/monitoring/served_differences_summary.sql"]
_DIFFERENCES = """{{ served_differences(
    ref('visitor_clicks', v=1), ref('served_visitor_clicks_v1'), ['visitor_id'],
    'visitor_clicks:v1', source('operations', 'served_runs'), source('operations', 'view_builds')
) }}
"""
_EPHEMERAL = """{{ config(materialized='ephemeral') }}
select page from {{ source('shop', 'pages') }}
"""
#: Takes longer than any test as long as raw.gate holds a large number.
_SLOW = """
select sum(sqrt(a.n * b.n)) as total
from (select unnest(range(0, (select max(steps) from raw.gate))) as n) as a
cross join (select unnest(range(0, (select max(steps) from raw.gate))) as n) as b
"""


def day(number: int) -> str:
    """Return the begin of a day, from 0; that of DAYS is the end of the last one."""
    return f"{FIRST + timedelta(days=number):%Y-%m-%d}"


def write_project(folder: Path) -> None:
    """Write the project, its files and a table without an event time."""
    for part in _PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (REPOSITORY / part).is_dir() else shutil.copy
        copy(REPOSITORY / part, folder / part)
    shutil.copytree(REPOSITORY / "examples/clicks", folder, dirs_exist_ok=True)
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    monitoring = yaml.safe_load((REPOSITORY / "models/monitoring/_monitoring.yml").read_text())
    columns = [{"name": "page", "data_type": "varchar", "description": "The page."}]
    pages = {"name": "pages", "columns": columns}
    pages["config"] = {"meta": {"load": {"path": "data/pages.csv"}}}
    gate = {"name": "gate", "columns": [{"name": "steps", "data_type": "bigint"}]}
    gate["config"] = {"meta": {"load": {"path": "data/gate.csv"}}}
    shop = {"name": "shop", "schema": "raw", "tables": [pages, gate]}
    write = {
        "models/monitoring/_monitoring.yml": yaml.safe_dump({"sources": monitoring["sources"]}),
        "models/monitoring/served_differences.sql": _DIFFERENCES,
        "models/staging/shop/_shop.yml": yaml.safe_dump({"sources": [shop]}),
        # Ephemeral, so that a model is built that dbt puts together of two.
        "models/staging/shop/stg_pages.sql": _EPHEMERAL,
        "models/cleaned/pages.sql": "select page from {{ ref('stg_pages') }}",
        "models/cleaned/slow.sql": _SLOW,
        "data/pages.csv": "page\nhome\nshoes\n",
        "data/gate.csv": "steps\n0\n",
    }
    # Two files that overlap in time, so that an interval takes rows of both.
    rows = sorted(_clicks())
    for number, part in enumerate((rows[::2], rows[1::2])):
        lines = "".join(f"{visitor},{time},{page},{s}\n" for time, visitor, page, s in part)
        write[f"data/clicks_{number}.csv"] = "visitor_id,clicked_at,page,seconds\n" + lines
    for name, text in write.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _clicks() -> list[tuple[str, str, str, int]]:
    """Return random clicks of three days, with exact copies, and some at midnight."""
    chance = random.Random(5)
    rows = []
    for number in range(60):
        hours = timedelta(hours=24 * chance.randrange(DAYS) + chance.randrange(24))
        time = f"{FIRST + hours:%Y-%m-%d %H:%M:%S}"
        row = (time, chance.choice("abcdefg"), chance.choice(["home", "shoes"]), number % 50)
        rows += [row] * chance.choice([1, 1, 2])
    return rows


def project_environment(folder: Path, **variables: str | None) -> dict[str, str]:
    """Return the environment in which the scripts work on the project."""
    unset = dict.fromkeys(
        ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR", "FEATURE_STORE_WAREHOUSE")
    )
    own = {"FEATURE_STORE_PROJECT_DIR": str(folder), "REDIS_URL": None}
    return script_environment(**(unset | own | variables))


def start_script(
    folder: Path, name: str, *arguments: str, **variables: str | None
) -> subprocess.Popen[str]:
    """Start one of the project's scripts, from another folder than the project's."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPTS / name), *arguments],
        cwd=folder.parent,
        env=project_environment(folder, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_to_end(
    folder: Path, name: str, *arguments: str, **variables: str | None
) -> subprocess.CompletedProcess[str]:
    """Run one of the project's scripts to its end."""
    script = start_script(folder, name, *arguments, **variables)
    out, err = script.communicate(timeout=180)
    return subprocess.CompletedProcess(script.args, script.returncode, out, err)


def tables(
    warehouse: Path, *, without: Iterable[str] = (), history: bool = False
) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table and view, but for those of operations, in an order of theirs.

    Columns named in ``without`` are left out. ``history`` takes everything, also what the snapshots
    held before and when, and the loader's own tables.
    """
    left_out = {*without} | (
        set() if history else {"dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"}
    )
    found: dict[str, list[tuple[Any, ...]]] = {}
    with connect(warehouse) as connection:
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal union all "
            "select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall():
            if schema in ("operations", "monitoring") or (
                not history and table in ("raw_files", "raw_file_times", "raw_rejects")
            ):
                continue
            name = f'"{schema}"."{table}"'
            names = [row[0] for row in connection.execute(f"describe {name}").fetchall()]
            listed = ", ".join(f'"{column}"' for column in names if column not in left_out)
            current = "" if history or schema != "snapshots" else " where dbt_valid_to is null"
            rows = connection.execute(f"select {listed} from {name}{current}").fetchall()
            found[name] = sorted(rows, key=repr)
    return found


def run_steps(
    folder: Path, steps: list[Mapping[str, Any]], **variables: str | None
) -> list[str | None]:
    """Refresh warehouses one after the other; return what the error said of each, or None.

    Args:
        folder: the project's; each warehouse has a folder in it, and its name as prefix.
        steps: each with ``warehouse`` and ``interval`` (refreshes it), ``sql`` (runs it there) or
            ``copy_to`` (copies the file to that folder); ``build_as_of`` (builds as of that time,
            and exports); ``force`` (exports with --force); or ``online_to`` (writes what is
            online to that file).
        variables: of the environment.
    """
    environment = project_environment(
        folder, PYTHONPATH=f"{SCRIPTS}{os.pathsep}{TESTS}", **variables
    )
    done = run_python("-m", __spec__.name, folder, json.dumps(steps), env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "steps.json").read_text())


def _online() -> dict[str, dict[str, Any]]:
    """Return everything that is online, by prefix and the rest of the key."""
    found: dict[str, dict[str, Any]] = {}
    with redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as client:
        for key in client.keys("*"):
            prefix, _, rest = key.partition(":")
            value = client.hgetall(key) if client.type(key) == "hash" else client.get(key)
            found.setdefault(prefix, {})[rest] = value
    return found


def _main(folder: Path, steps: list[dict[str, Any]]) -> None:
    said: list[str | None] = []
    project = None
    for step in steps:
        warehouse = folder / step.get("warehouse", "") / "feature_store.duckdb"
        os.environ["FEATURE_STORE_WAREHOUSE"] = str(warehouse)
        if "copy_to" in step:
            (folder / step["copy_to"]).mkdir()
            shutil.copy(warehouse, folder / step["copy_to"] / warehouse.name)
            continue
        if "online_to" in step:
            (folder / step["online_to"]).write_text(json.dumps(_online()))
            continue
        if "sql" in step:
            with connect(warehouse, read_only=False) as connection:
                connection.execute(step["sql"])
            continue
        settings = replace(load_settings(), prefix=step["warehouse"])
        project = project or DbtProject(settings)
        project.settings = settings
        start, end = (
            text and datetime.fromisoformat(text) for text in step.get("interval", (None, None))
        )
        try:
            if "build_as_of" in step:
                project.build(datetime.fromisoformat(step["build_as_of"]))
                export_features(settings)
            elif "force" in step:
                export_features(settings, ExportOptions(force=True))
            else:
                refresh(settings, start, end, project=project)
            said.append(None)
        except FeatureStoreError as error:
            said.append(str(error))
    (folder / "steps.json").write_text(json.dumps(said))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), json.loads(sys.argv[2]))
