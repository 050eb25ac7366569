"""The settings of a run, from environment variables, ``dbt_project.yml`` and ``profiles.yml``."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from feature_store.errors import FeatureStoreError
from feature_store.profiles import (
    DEFAULT_OPERATIONS_SCHEMA,
    check_folder,
    operations_schema,
    read_target,
    read_yaml,
    warehouse_path,
)

DEFAULT_PREFIX = "fs"
DEFAULT_MEMORY_LIMIT = "2GB"
#: Seconds after which the lock of a killed exporter expires.
DEFAULT_LOCK_LEASE = 10.0
#: In bytes: with less DuckDB cannot run any query, more than the most it cannot represent.
_LEAST_MEMORY, _MOST_MEMORY = 1e6, 1e18


@dataclass(frozen=True)
class Settings:
    """The resolved settings of one run.

    Attributes:
        warehouse_path: the DuckDB file of that target, absolute.
        target_path: the folder of dbt's artifacts (``manifest.json``), absolute.
        redis_url: the online store's address, or None for the embedded server.
        prefix: the first part of every Redis key.
        memory_limit: the memory that DuckDB may use for a join or an export before it spills to
            disk, such as ``2GB``.
        lock_lease: seconds after which the lock of a killed exporter expires.
        project_name: the dbt project's name; None where it was not read.
        operations_schema: the schema of the records that the dbt package keeps of its runs.
    """

    project_dir: Path
    target: str
    warehouse_path: Path
    target_path: Path
    redis_url: str | None = field(repr=False)  # it may hold a password
    prefix: str
    memory_limit: str = DEFAULT_MEMORY_LIMIT
    lock_lease: float = DEFAULT_LOCK_LEASE
    project_name: str | None = None
    operations_schema: str = DEFAULT_OPERATIONS_SCHEMA


def find_project_dir(start: Path | None = None) -> Path:
    """Return the nearest folder at or above ``start`` that holds ``dbt_project.yml``.

    ``FEATURE_STORE_PROJECT_DIR`` overrides the search. A script of a checkout that runs in a folder
    without a project means the project of its checkout.
    """
    named = os.environ.get("FEATURE_STORE_PROJECT_DIR")
    candidates = [Path(named)] if named else [*_at_or_above(start), *_checkout_of_script()]
    for folder in candidates:
        with suppress(OSError):  # a name too long, or a folder that may not be read
            if (folder / "dbt_project.yml").is_file():
                return folder.resolve()
    raise FeatureStoreError(
        f"{candidates[0] if candidates else Path()}: no dbt project here or above",
        allowed="a folder with dbt_project.yml",
        next_step="change into the project, or set FEATURE_STORE_PROJECT_DIR",
    )


def _checkout_of_script() -> list[Path]:
    """Return the checkout whose script this process runs; nothing for any other program."""
    scripts = Path(__file__).resolve().parents[1]
    is_script = bool(sys.argv[0]) and Path(sys.argv[0]).resolve().parent == scripts
    return [scripts.parent] if is_script else []


def _lock_lease(text: str | None) -> float:
    if not text:
        return DEFAULT_LOCK_LEASE
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise FeatureStoreError(
            f"FEATURE_STORE_LOCK_LEASE: {text!r} is not a number of seconds that can be used",
            allowed="1 to 3600 seconds",
            next_step=f"correct it, or unset it for {DEFAULT_LOCK_LEASE:g}",
        )
    return seconds


def _at_or_above(start: Path | None) -> list[Path]:
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:  # the working directory was removed
        return []
    return [here, *here.parents]


def _memory_limit(text: str) -> str:
    found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(%|[KMGT]i?B?)\s*", text, re.I | re.A)
    amount, unit = (float(found[1]), found[2].upper()) if found else (0.0, "B")
    is_share = unit == "%"
    size = 0.0 if is_share else amount * 1000 ** "BKMGT".index(unit[0])
    if not (0 < amount <= 100 if is_share else _LEAST_MEMORY <= size <= _MOST_MEMORY):
        raise FeatureStoreError(
            f"FEATURE_STORE_MEMORY_LIMIT: {text!r} is not an amount of memory that can be used",
            allowed="a number and MB, GB or TB, such as 2GB, from 1MB on; or a share such as 50%",
            next_step=f"correct it, or unset it for {DEFAULT_MEMORY_LIMIT}",
        )
    return text.strip()


def _check_allow_deprecated(text: str | None) -> None:
    if text not in (None, "", "0", "1"):
        raise FeatureStoreError(
            f"FEATURE_STORE_ALLOW_DEPRECATED: {text!r} is not a known value",
            allowed="1 to allow expired versions; 0 or nothing to refuse them",
            next_step="correct it, or unset it",
        )


def load_settings(target: str | None = None, project_dir: Path | None = None) -> Settings:
    """Read the settings of a dbt target.

    Args:
        target: a target of ``profiles.yml``; default ``DBT_TARGET``, then the profile's own.
        project_dir: the dbt project; default as in :func:`find_project_dir`.

    Raises:
        FeatureStoreError: there is no project or no such target, or a setting is wrong.
    """
    folder = _project_dir(project_dir) if project_dir else find_project_dir()
    project_file = folder / "dbt_project.yml"
    project = read_yaml(project_file, "correct it; dbt parse says whether dbt can read it")
    chosen = read_target(project, folder, target)
    target_path = os.environ.get("DBT_TARGET_PATH") or project.get("target-path", "target")
    if not isinstance(target_path, str):
        raise FeatureStoreError(
            f"{project_file}: target-path is {target_path!r}",
            allowed="a text",
            next_step="write the path of a folder, such as target, or leave target-path out",
        )
    _check_allow_deprecated(os.environ.get("FEATURE_STORE_ALLOW_DEPRECATED"))
    settings = Settings(
        project_dir=folder,
        target=chosen.name,
        warehouse_path=warehouse_path(chosen, project, folder),
        target_path=_resolved(folder / target_path, "DBT_TARGET_PATH"),
        redis_url=os.environ.get("REDIS_URL") or None,
        prefix=os.environ.get("FEATURE_STORE_PREFIX", DEFAULT_PREFIX),
        memory_limit=_memory_limit(
            os.environ.get("FEATURE_STORE_MEMORY_LIMIT", DEFAULT_MEMORY_LIMIT)
        ),
        lock_lease=_lock_lease(os.environ.get("FEATURE_STORE_LOCK_LEASE")),
        project_name=project.get("name"),
        operations_schema=operations_schema(project, project_file),
    )
    check_folder(
        settings.target_path,
        f"DBT_TARGET_PATH {settings.target_path}",
        "name another folder for dbt's artifacts",
    )
    return settings


def _project_dir(given: Path) -> Path:
    folder = _resolved(Path(given), "project_dir")
    if not (folder / "dbt_project.yml").is_file():
        raise FeatureStoreError(
            f"{folder}: no dbt project",
            allowed="a folder with dbt_project.yml",
            next_step="name the project's folder, or change into it and name none",
        )
    return folder


def _resolved(path: Path, setting: str) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name too long
        raise FeatureStoreError(
            f"{setting}: {str(path)!r} cannot be used: {error}",
            allowed="a folder's path",
            next_step="name another folder",
        ) from error
