"""A small project on which commands run in this process, with whatever one may give them.

Attributes of an outcome tell whether an error was put into words, and whether anything changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from feature_store.cli import app
from feature_store.cli.unexpected_errors import TRACE
from support.paths import SCRIPTS
from support.projects.history_store import VIEWS, HistoryStore, changed_manifest, fill
from support.servers.redis_server import RedisServer, script_environment

#: The function of each script.
COMMANDS = {
    "build_training_set": "build",
    "check_consistency": "check_consistency",
    "check_raw": "check_raw",
    "explain_feature": "explain",
    "export_to_redis": "export_to_redis",
    "get_features": "get_features",
    "get_features_at": "get_features_at",
    "load_raw": "load_raw",
    "refresh": "run_refresh",
    "replay": "run_replay",
    "serving_time": "print_serving_time",
}
#: Arguments with which each of them works, or comes far.
WORKING = {
    "build_training_set": "--feature purchases --labels labels.csv --out {folder}/set",
    "check_consistency": "",
    "check_raw": "--start 2017-01-01 --end 2017-01-02",
    "explain_feature": "customer 1 purchases:orders_7d --at 2017-01-05",
    "export_to_redis": "",
    "get_features": "customer 1",
    "get_features_at": "customer 1 --at 2017-01-05",
    "load_raw": "",
    "refresh": "",
    "replay": "--start 2017-01-01 --end 2017-01-02",
    "serving_time": "--end 2017-01-02",
}
_SOURCES = """
sources:
  - name: shop
    schema: raw
    tables:
      - name: orders
        config: {meta: {load: {path: data/*.csv, event_time: ordered_at}}}
        columns:
          - {name: customer_id, data_type: bigint}
          - {name: ordered_at, data_type: timestamp}
"""


@dataclass(frozen=True)
class Outcome:
    """The end of a command: its exit code and its output."""

    code: int
    out: str
    err: str

    def is_told(self) -> bool:
        """Return whether it is a success, or an error in words that say where and what next."""
        if "Traceback" in self.out + self.err or TRACE in self.err:
            return False
        if self.code == 0:
            return True
        hints = {1: ("Next: ", "Allowed: "), 2: ("Usage: ", "Error"), 75: ("not yet",)}
        return any(hint in self.out + self.err for hint in hints.get(self.code, ()))


@dataclass(frozen=True)
class HostileProject:
    """A project with green feature views, raw files and labels, to copy and to damage."""

    folder: Path
    server: RedisServer

    @property
    def warehouse(self) -> Path:
        return self.folder / "tiny.duckdb"

    @property
    def manifest(self) -> Path:
        return self.folder / "target" / "manifest.json"

    def copy(self, folder: Path) -> HostileProject:
        shutil.copytree(self.folder, folder, symlinks=True)
        return HostileProject(folder, self.server)

    def run(self, command: str, *arguments: str, **variables: str | None) -> Outcome:
        """Run a command in this process, in the project's folder."""
        given = {
            "FEATURE_STORE_PROJECT_DIR": str(self.folder),
            "REDIS_URL": self.server.unix_url,
            **dict.fromkeys(("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR")),
        }
        with _environment(script_environment(**(given | variables))), contextlib.chdir(self.folder):
            return run_here(_function(command), *arguments)

    def arguments(self, command: str) -> list[str]:
        """Return arguments with which a command works, or comes far."""
        return WORKING[command].format(folder=self.folder).split()

    def run_working(self, command: str, **variables: str | None) -> Outcome:
        """Run a command with such arguments."""
        return self.run(command, *self.arguments(command), **variables)

    def state(self) -> dict[str, str]:
        """Return a checksum of every file but locks, logs and caches, and of what is online."""
        found = {
            str(path.relative_to(self.folder)): hashlib.md5(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix not in (".lock", ".log", ".jsonl", ".cache")
        }
        with redis.Redis(unix_socket_path=str(self.server.socket)) as client:
            keys = sorted(client.keys("*"))
            found["redis"] = str([(key, client.dump(key)) for key in keys] if keys else [])
        return found


def write_hostile_project(folders: pytest.TempPathFactory, server: RedisServer) -> HostileProject:
    folder = folders.mktemp("hostile") / "project"
    store = HistoryStore(folder, VIEWS, project_name="feature_store")
    fill(store)
    _complete(store)
    with (folder / "dbt_project.yml").open("a") as project:
        project.write("models:\n  feature_store: {features: {+schema: features}}\n")
    (folder / "models").mkdir()
    (folder / "data").mkdir()
    (folder / "models" / "_sources.yml").write_text(_SOURCES)
    (folder / "data" / "orders.csv").write_text("customer_id,ordered_at\n1,2017-01-01 12:00:00\n")
    (folder / "labels.csv").write_text("customer_id,label_time,label\n1,2017-01-05,true\n")
    return HostileProject(folder, server)


def _macros() -> dict[str, Any]:
    """Return this repository's macros as they stand in a manifest, without running dbt."""
    found = {}
    for path in sorted((SCRIPTS.parent / "macros").rglob("*.sql")):
        for macro in re.finditer(
            r"\{%-?\s*macro\s+(\w+).*?\{%-?\s*endmacro\s*-?%\}", path.read_text(), re.S
        ):
            node = {"name": macro[1], "package_name": "feature_store", "macro_sql": macro[0]}
            found[f"macro.feature_store.{macro[1]}"] = {**node, "depends_on": {"macros": []}}
    return found


def _complete(store: HistoryStore) -> None:
    """Let the manifest have what dbt writes beside what the other tests need."""
    schema = "https://schemas.getdbt.com/dbt/manifest/v12.json"
    exposure = {"name": "churn", "depends_on": {"nodes": ["model.tiny.purchases.v2"]}}
    with changed_manifest(store) as manifest:
        manifest["macros"] = _macros()
        manifest["metadata"] |= {"dbt_version": "1.11.16", "dbt_schema_version": schema}
        for unique_id, node in manifest["nodes"].items():
            parents = manifest["parent_map"][unique_id]
            node |= {"original_file_path": f"models/{node['name']}.sql", "patch_path": None}
            node |= {"checksum": {"name": "sha256", "checksum": "0"}}
            node |= {"package_name": "feature_store"}
            node["depends_on"] = {"nodes": parents, "macros": []}
        manifest["exposures"] = {"exposure.feature_store.churn": exposure}


def run_here(function: Callable[..., None], *arguments: str) -> Outcome:
    """Run a command's function in this process, as its script does."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app.run(function, arguments)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except Exception:
            import traceback

            traceback.print_exc()
            code = 99
    return Outcome(code, out.getvalue(), err.getvalue())


def _function(command: str) -> Callable[..., None]:
    if str(SCRIPTS) not in sys.path:
        sys.path.insert(0, str(SCRIPTS))
    hook = sys.excepthook
    try:
        return getattr(importlib.import_module(command), COMMANDS[command])
    finally:
        sys.excepthook = hook


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
