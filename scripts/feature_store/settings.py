"""Where the project, its warehouse and its online store are.

Everything comes from the environment or from ``profiles.yml``; nothing is asked of the user twice.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from jinja2 import Environment

from feature_store.errors import FeatureStoreError, near_names

DEFAULT_PREFIX = "fs"
DEFAULT_MEMORY_LIMIT = "2GB"
#: Seconds after which the lock of an exporter that was killed is free again.
DEFAULT_LOCK_LEASE = 10.0


@dataclass(frozen=True)
class Settings:
    """The resolved settings of one run.

    Attributes:
        project_dir: the folder with ``dbt_project.yml``.
        target: the dbt target's name.
        warehouse_path: the DuckDB file of that target, absolute.
        target_path: the folder of dbt's artifacts (``manifest.json``), absolute.
        redis_url: the online store's address, or None for the embedded server.
        prefix: the first part of every Redis key.
        memory_limit: what DuckDB may take for a join or an export before it spills to disk, such as
            ``2GB``.
        lock_lease: seconds after which the lock of an exporter that was killed is free again.
    """

    project_dir: Path
    target: str
    warehouse_path: Path
    target_path: Path
    redis_url: str | None = field(repr=False)  # it may hold a password
    prefix: str
    memory_limit: str = DEFAULT_MEMORY_LIMIT
    lock_lease: float = DEFAULT_LOCK_LEASE


def find_project_dir(start: Path | None = None) -> Path:
    """Return the nearest folder at or above ``start`` that holds ``dbt_project.yml``.

    ``FEATURE_STORE_PROJECT_DIR`` overrides the search. Without either, the checkout that this
    package was installed from is taken.

    Raises:
        FeatureStoreError: there is no dbt project to be found.
    """
    named = os.environ.get("FEATURE_STORE_PROJECT_DIR")
    if named:
        candidates = [Path(named)]
    else:
        here = (start or Path.cwd()).resolve()
        candidates = [here, *here.parents, Path(__file__).resolve().parents[2]]
    for folder in candidates:
        if (folder / "dbt_project.yml").is_file():
            return folder.resolve()
    raise FeatureStoreError(
        f"{candidates[0]}: no dbt project here or above",
        allowed="a folder with dbt_project.yml",
        next_step="change into the project, or set FEATURE_STORE_PROJECT_DIR",
    )


def _render_env_vars(text: str) -> str:
    """Render the ``env_var()`` calls of a profiles.yml, which is all the Jinja it may hold."""

    def env_var(name: str, default: str | None = None) -> str:
        value = os.environ.get(name, default)
        if value is None:
            raise FeatureStoreError(
                f"profiles.yml: environment variable {name} is not set",
                next_step=f"export {name}=…",
            )
        return value

    return Environment(autoescape=False).from_string(text).render(env_var=env_var)


def _lock_lease(text: str | None) -> float:
    if not text:
        return DEFAULT_LOCK_LEASE
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise FeatureStoreError(f"FEATURE_STORE_LOCK_LEASE: {text!r}", allowed="1 to 3600 seconds")
    return seconds


def profiles_dir_of(project_dir: Path) -> Path:
    """Return the folder of the ``profiles.yml``: ``DBT_PROFILES_DIR``, or the project's."""
    return Path(os.environ.get("DBT_PROFILES_DIR", project_dir))


def load_settings(target: str | None = None, project_dir: Path | None = None) -> Settings:
    """Read the settings of a dbt target.

    Args:
        target: a target of ``profiles.yml``; default ``DBT_TARGET``, then the profile's own.
        project_dir: the dbt project; default as in :func:`find_project_dir`.

    Raises:
        FeatureStoreError: no project, no such target, or a target that is not DuckDB.
    """
    folder = Path(project_dir).resolve() if project_dir else find_project_dir()
    profiles_dir = profiles_dir_of(folder)
    project = yaml.safe_load((folder / "dbt_project.yml").read_text())
    profiles = yaml.safe_load(_render_env_vars((profiles_dir / "profiles.yml").read_text()))
    profile = profiles[project["profile"]]
    name = target or os.environ.get("DBT_TARGET") or profile["target"]
    outputs = profile["outputs"]
    if name not in outputs:
        raise FeatureStoreError(
            f"{profiles_dir / 'profiles.yml'}: no target {name!r}",
            allowed=near_names(name, outputs),
        )
    output = outputs[name]
    if output.get("type") != "duckdb":
        raise FeatureStoreError(
            f"target {name!r} is of type {output.get('type')!r}", allowed="duckdb"
        )
    target_path = os.environ.get("DBT_TARGET_PATH") or project.get("target-path", "target")
    return Settings(
        project_dir=folder,
        target=name,
        warehouse_path=(folder / output["path"]).resolve(),
        target_path=(folder / target_path).resolve(),
        redis_url=os.environ.get("REDIS_URL") or None,
        prefix=os.environ.get("FEATURE_STORE_PREFIX", DEFAULT_PREFIX),
        memory_limit=os.environ.get("FEATURE_STORE_MEMORY_LIMIT", DEFAULT_MEMORY_LIMIT),
        lock_lease=_lock_lease(os.environ.get("FEATURE_STORE_LOCK_LEASE")),
    )
