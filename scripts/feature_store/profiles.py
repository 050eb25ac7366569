"""Reads a target of ``profiles.yml`` as dbt does, and checks the path of its warehouse."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from feature_store.errors import FeatureStoreError, near_names

_PROFILES = "profiles.yml"
#: dbt's filters for the type of a value, which leave a text as it is.
_TYPE_FILTERS = ("as_text", "as_native", "as_bool", "as_number")
#: For files of these names DuckDB gives the database another name, which dbt does not know.
_RENAMED = ("main", "system", "temp")
#: The schema of the dbt package's records of its runs, and the var that names another one.
DEFAULT_OPERATIONS_SCHEMA = "operations"
_OPERATIONS_VAR = "feature_store_operations_schema"


@dataclass(frozen=True)
class Target:
    """A target of ``profiles.yml``."""

    file: Path
    profile: str
    name: str
    output: Mapping[str, Any]

    def text(self, setting: str, default: str) -> str:
        """Return a setting with its ``env_var()`` calls replaced."""
        value = self.output.get(setting, default)
        return _render(self.file, f"target {self.name}, {setting}", value)

    def nested(self, setting: str) -> Any:
        """Return a setting with lists and mappings, with the ``env_var()`` calls in it replaced."""
        return self._nested(f"target {self.name}, {setting}", self.output.get(setting))

    def _nested(self, what: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._nested(what, one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._nested(what, one) for one in value]
        return _render(self.file, what, value) if isinstance(value, str) else value


def read_yaml(path: Path, next_step: str) -> dict[str, Any]:
    """Return the mapping that a YAML file holds."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FeatureStoreError(f"{path}: there is no such file", next_step=next_step) from error
    except OSError as error:
        raise FeatureStoreError(
            f"{path}: cannot be read: {error.strerror}", next_step=next_step
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place else ""
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise FeatureStoreError(
            f"{path}{line}: is not YAML: {said}", next_step=next_step
        ) from error
    if not isinstance(found, dict):
        what = "empty" if found is None else f"a {type(found).__name__}"
        raise FeatureStoreError(f"{path}: is {what}", allowed="a mapping", next_step=next_step)
    return found


def profiles_dir_of(project_dir: Path) -> Path:
    """Return the folder of the ``profiles.yml``.

    It is ``DBT_PROFILES_DIR``; without it the project's own folder, or dbt's default ``~/.dbt``
    where only that one has a ``profiles.yml``.
    """
    named = os.environ.get("DBT_PROFILES_DIR")
    if named:
        return Path(named).absolute()
    home = Path(os.path.expanduser("~/.dbt"))
    is_there = not (project_dir / _PROFILES).exists() and (home / _PROFILES).exists()
    return home if is_there else project_dir


def read_target(project: Mapping[str, Any], project_dir: Path, target: str | None) -> Target:
    """Return a target of the project's profile.

    None is the target of ``DBT_TARGET``, or else the profile's own choice.
    """
    file = profiles_dir_of(project_dir) / _PROFILES
    profiles = read_yaml(file, "write the profile, or set DBT_PROFILES_DIR to the folder with it")
    name = os.environ.get("DBT_PROFILE") or project.get("profile")
    if not isinstance(name, str) or not name:
        raise FeatureStoreError(
            f"{project_dir / 'dbt_project.yml'}: profile is {name!r}",
            allowed=near_names("", map(str, profiles)),
            next_step=f"name a profile of {file}",
        )
    if name not in profiles:
        raise FeatureStoreError(
            f"{file}: no profile {name!r}, which {project_dir / 'dbt_project.yml'} names",
            allowed=near_names(name, map(str, profiles)),
            next_step="correct the name in dbt_project.yml or DBT_PROFILE, or add the profile",
        )
    outputs = _mapping(_mapping(profiles[name], file, name).get("outputs"), file, f"{name}.outputs")
    default = profiles[name].get("target", "default")
    chosen = target or os.environ.get("DBT_TARGET")
    chosen = chosen or _render(file, f"{name}.target", default)
    if chosen not in outputs:
        raise FeatureStoreError(
            f"{file}: no target {chosen!r}",
            allowed=near_names(chosen, map(str, outputs)),
            next_step="correct --target or DBT_TARGET, or add the target",
        )
    output = _mapping(outputs[chosen], file, f"{name}.outputs.{chosen}")
    found = Target(file, name, chosen, output)
    if (kind := found.text("type", "")) != "duckdb":
        raise FeatureStoreError(
            f"{file}: target {chosen!r} is of type {kind!r}",
            allowed="duckdb",
            next_step="choose a target of type duckdb (--target, or DBT_TARGET)",
        )
    return found


def _mapping(found: Any, file: Path, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise FeatureStoreError(
            f"{file}: {what} is {found!r}",
            allowed="a mapping, as in dbt's documentation of profiles.yml",
            next_step="correct the file",
        )
    return found


def _render(file: Path, what: str, value: Any) -> str:
    def env_var(name: str, default: Any = None) -> str:
        found = os.environ.get(name, default)
        if found is None:
            raise FeatureStoreError(
                f"{file}: {what}: environment variable {name} is not set",
                next_step=f"export {name}=…",
            )
        return str(found)

    if not isinstance(value, str):
        raise FeatureStoreError(
            f"{file}: {what} is {value!r}", allowed="a text", next_step="quote it"
        )
    environment = SandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
    environment.filters |= dict.fromkeys(_TYPE_FILTERS, str)
    try:
        return environment.from_string(value).render(env_var=env_var)
    except FeatureStoreError:
        raise
    except Exception as error:  # an expression of the file can raise anything
        raise FeatureStoreError(
            f"{file}: {what}: {value!r} cannot be rendered: {error}",
            allowed="text with {{ env_var('NAME', 'default') }} in it",
            next_step="correct the expression",
        ) from error


def warehouse_path(target: Target, project: Mapping[str, Any], project_dir: Path) -> Path:
    """Return the DuckDB file of a target, absolute."""
    given = target.text("path", ":memory:")
    where = f"{target.file}: target {target.name}: the warehouse's path {given!r}"
    advice = "set the path in profiles.yml, or FEATURE_STORE_WAREHOUSE where profiles.yml reads it"
    if not given.strip() or given == ":memory:" or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", given):
        raise FeatureStoreError(
            f"{where} is not a file", allowed="the path of a file on this machine", next_step=advice
        )
    if found := sorted({*re.findall(r"[?#;\x00-\x1f\x7f]", given)}):
        raise FeatureStoreError(
            f"{where} has {', '.join(map(repr, found))} in it, which dbt does not read as part "
            "of a file's name",
            allowed="a path without them",
            next_step=advice,
        )
    # Resolved as DuckDB does when dbt opens it.
    path = project_dir / (os.path.expanduser(given) if given[:2] == "~/" else given)
    operations = operations_schema(project, project_dir / "dbt_project.yml")
    schemas = [target.text("schema", "main"), operations, *project_schemas(project)]
    return check_warehouse_file(path, where, advice, schemas)


def check_warehouse_file(path: Path, where: str, advice: str, schemas: list[str]) -> Path:
    """Return the path of a DuckDB file, checked before anything opens it.

    A link keeps its name, as in dbt: DuckDB names the database after the link.

    Args:
        path: the file, which need not exist.
        where: the setting that names it, for the error.
        advice: the error's next step.
        schemas: the schemas of the project.

    Raises:
        FeatureStoreError: it is a folder, cannot be created, or has the name of a schema.
    """
    try:
        path.resolve()  # fails for a loop of links
        path = path.parent.resolve() / path.name if path.name != ".." else path.resolve()
        is_folder = path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name too long
        said = error.strerror if isinstance(error, OSError) else error
        raise FeatureStoreError(f"{where} cannot be used: {said}", next_step=advice) from error
    if is_folder:
        raise FeatureStoreError(
            f"{where} is a folder", allowed="a file, which need not exist yet", next_step=advice
        )
    check_folder(path.parent, where, advice)
    check_warehouse_name(path, schemas)
    return path


def check_folder(folder: Path, where: str, advice: str) -> None:
    """Refuse a folder that cannot be created because a file has its name or that of a parent."""
    for parent in (folder, *folder.parents):
        try:
            if parent.is_dir():
                return
        except OSError as error:
            raise FeatureStoreError(
                f"{where} cannot be used: {error.strerror}", next_step=advice
            ) from error
        if parent.exists() or parent.is_symlink():
            raise FeatureStoreError(
                f"{where}: {parent} is a file, not a folder",
                allowed="a folder, which need not exist yet",
                next_step=advice,
            )


def database_name(path: Path) -> str:
    """Return the name that DuckDB and dbt give the database of a file: ``my`` of ``my.duckdb``."""
    return path.name.lstrip(".").split(".")[0]


def check_warehouse_name(path: Path, schemas: list[str]) -> None:
    """Refuse a file whose database would have the name of one of its schemas.

    ``"raw"."clicks"`` in a file ``raw.duckdb`` could be a table of the database ``raw`` or of the
    schema ``raw``, which DuckDB refuses to decide.
    """
    name = database_name(path)
    taken = {schema.strip().lower() for schema in schemas} - {*_RENAMED}
    if name.lower() in taken:
        what = f"the database of this file would be called {name}, as its schema {name} is"
    elif name.lower() in _RENAMED or not name:
        what = f"DuckDB does not call a database {name!r}"
    elif found := sorted({*name} & {*"'\"\\"}):
        what = f"its name has {' and '.join(found)} in it, which dbt does not quote"
    else:
        return
    raise FeatureStoreError(
        f"{path}: {what}",
        allowed="a name that no schema has, such as feature_store.duckdb",
        next_step="give the file another name (in profiles.yml, or FEATURE_STORE_WAREHOUSE)",
    )


def operations_schema(project: Mapping[str, Any], file: Path) -> str:
    """Return the schema of the package's records: that of the var in ``dbt_project.yml``.

    ``FEATURE_STORE_OPERATIONS_SCHEMA`` overrides it, for a project that gives the var to dbt by
    ``--vars``, which Python does not see. The var must stand at the top of ``vars:``: dbt reads a
    package's own vars in its hooks, and the project's in its models.
    """
    if named := os.environ.get("FEATURE_STORE_OPERATIONS_SCHEMA"):
        return named
    given = project["vars"] if isinstance(project.get("vars"), dict) else {}
    scoped = [
        name for name, own in given.items() if isinstance(own, dict) and _OPERATIONS_VAR in own
    ]
    found = given.get(_OPERATIONS_VAR, DEFAULT_OPERATIONS_SCHEMA)
    if scoped or not isinstance(found, str) or not found.strip():
        what = f"stands below {scoped[0]}" if scoped else f"is {found!r}"
        raise FeatureStoreError(
            f"{file}: the var {_OPERATIONS_VAR} {what}",
            allowed=f"the name of a schema, directly below vars: ({DEFAULT_OPERATIONS_SCHEMA})",
            next_step="correct it, or leave it out",
        )
    return found


def project_schemas(found: Any) -> Iterator[str]:
    """Yield the schemas that ``dbt_project.yml`` names, at any depth."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name in ("schema", "+schema", "+target_schema") and isinstance(value, str):
                yield value
            else:
                yield from project_schemas(value)
