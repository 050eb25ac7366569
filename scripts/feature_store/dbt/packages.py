"""Installs the dbt packages of ``packages.yml``: the real ones, or the project's stand-ins.

The real packages come from dbt's package hub, which many closed networks cannot reach. The
stand-ins are the folders of ``scripts/stand_in``, one for each package, with its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from feature_store.dbt.hub import RealPackagesUnavailableError, check_hub, run_dbt_deps
from feature_store.errors import FeatureStoreError

STAND_INS = Path(__file__).resolve().parents[2] / "stand_in"
PACKAGES_FILE = "packages.yml"
LOCK_FILE = "package-lock.yml"
INSTALL_FOLDER = "dbt_packages"
#: Records what was installed. dbt ignores this file, and ``dbt deps`` removes it.
RECORD_FILE = "installed.json"

#: The entries of ``packages.yml`` by package name.
Entries = dict[str, dict[str, object]]


class Source(StrEnum):
    """The source of packages; ``ANY`` is the real ones if they are available."""

    ANY = "any"
    REAL = "real"
    STAND_IN = "stand-in"


@dataclass(frozen=True)
class Installation:
    """The packages that are installed now."""

    source: Source
    versions: dict[str, str]
    note: str

    def __str__(self) -> str:
        names = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        kind = "real" if self.source is Source.REAL else "the project's stand-in"
        return f"dbt packages: {names} ({kind}), {self.note}"


def install(project_dir: Path, source: Source = Source.ANY) -> Installation:
    """Install the packages of a dbt project, unless they are installed and current."""
    entries = read_packages(project_dir)
    current = "already installed and current"
    versions = _recorded_versions(project_dir, entries)
    if source is not Source.STAND_IN and versions:
        return Installation(Source.REAL, versions, current)
    if source is not Source.REAL and _stand_in_is_current(project_dir, entries):
        return _stand_in(entries, current)
    try:
        if source is Source.STAND_IN:
            return _install_stand_in(project_dir, entries, "installed as requested")
        try:
            return _install_real(project_dir, entries)
        except RealPackagesUnavailableError as error:
            if source is Source.REAL:
                raise
            by_hand = _versions_installed_by_hand(project_dir, entries)
            if by_hand:
                return Installation(Source.REAL, by_hand, f"kept as installed: {error.what}")
            return _install_stand_in(project_dir, entries, f"installed because {error.what}")
    except OSError as error:
        raise FeatureStoreError(
            f"{project_dir / INSTALL_FOLDER}: cannot be written: {error}",
            next_step="make the project's folder writable, then try again",
        ) from error


def read_packages(project_dir: Path) -> Entries:
    """Return the entries of ``packages.yml`` by package name (``dbt_expectations``)."""
    path = project_dir / PACKAGES_FILE
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise FeatureStoreError(
            f"{path}: there is no such file",
            allowed="a dbt project that names its packages",
            next_step="change into the project's folder, or give --project-dir",
        ) from error
    except yaml.YAMLError as error:
        raise FeatureStoreError(f"{path}: is not YAML: {error}", next_step="correct it") from error
    entries = content.get("packages") if isinstance(content, dict) else None
    if (
        not entries
        or not isinstance(entries, list)
        or not all(isinstance(entry, dict) for entry in entries)
    ):
        raise FeatureStoreError(
            f"{path}: lists no packages",
            allowed="packages: followed by a list of packages",
            next_step="correct it, as in dbt's documentation of packages.yml",
        )
    return {_package_name(path, entry): entry for entry in entries}


def _package_name(path: Path, entry: dict[str, object]) -> str:
    """Return the name of a package as a dbt project, as far as ``packages.yml`` has it."""
    for key in ("name", "package", "git", "private", "local", "tarball"):
        if entry.get(key):
            last = str(entry[key]).rstrip("/").rsplit("/", 1)[-1]
            return last.removesuffix(".git").replace("-", "_")
    raise FeatureStoreError(
        f"{path}: a package without a name: {entry}",
        allowed="package, git, private, local or tarball",
        next_step="give the package one of these",
    )


def _stand_in(entries: Entries, note: str) -> Installation:
    versions = {
        name: str(yaml.safe_load((STAND_INS / name / "dbt_project.yml").read_text())["version"])
        for name in entries
    }
    return Installation(Source.STAND_IN, versions, note)


def _install_stand_in(project_dir: Path, entries: Entries, note: str) -> Installation:
    missing = [name for name in entries if not (STAND_INS / name).is_dir()]
    if missing:
        known = ", ".join(sorted(folder.name for folder in STAND_INS.glob("*/"))) or "none"
        raise FeatureStoreError(
            f"{project_dir / PACKAGES_FILE}: there is no stand-in for {', '.join(missing)}; "
            f"nothing was installed ({note.removeprefix('installed ')})",
            allowed=f"without the package hub only: {known}",
            next_step=f"open the network to the hub, or remove {', '.join(missing)}",
        )
    with _workspace(project_dir) as folder:
        for name in entries:
            shutil.copytree(STAND_INS / name, folder / INSTALL_FOLDER / name)
        _replace(folder, project_dir)
    return _stand_in(entries, note)


def _stand_in_is_current(project_dir: Path, entries: Entries) -> bool:
    """Return whether the installed files are those of the stand-ins, byte for byte."""
    wanted: dict[str, str] = {}
    for name in entries:
        if not (STAND_INS / name).is_dir():
            return False
        wanted |= {f"{name}/{file}": digest for file, digest in _digests(STAND_INS / name).items()}
    return bool(wanted) and _digests(project_dir / INSTALL_FOLDER) == wanted


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _install_real(project_dir: Path, entries: Entries) -> Installation:
    """Run ``dbt deps`` beside the project, then put its result in place."""
    on_hub = [str(entry["package"]) for entry in entries.values() if entry.get("package")]
    if on_hub:
        check_hub(on_hub[0])
    with _workspace(project_dir) as folder:
        project = {"name": "packages", "version": "0.1.0", "profile": "packages"}
        project["flags"] = {"send_anonymous_usage_stats": False, "version_check": False}
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
        for file in (PACKAGES_FILE, LOCK_FILE):
            if (project_dir / file).is_file():
                shutil.copy(project_dir / file, folder / file)
        run_dbt_deps(folder)
        versions = _locked_versions(folder)
        record = {"packages": _fingerprint(entries), "versions": versions}
        (folder / INSTALL_FOLDER / RECORD_FILE).write_text(json.dumps(record, indent=2) + "\n")
        _replace(folder, project_dir)
        shutil.copy(folder / LOCK_FILE, project_dir / LOCK_FILE)
    return Installation(Source.REAL, versions, "installed by dbt deps")


def _fingerprint(entries: Entries) -> str:
    """Return a digest of the entries, which comments and layout of the file do not change."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def _recorded_versions(project_dir: Path, entries: Entries) -> dict[str, str]:
    """Return the versions of the real packages if they are installed and current; else empty."""
    folder = project_dir / INSTALL_FOLDER
    try:
        record = json.loads((folder / RECORD_FILE).read_text())
        versions = dict(record["versions"])
        wanted = record["packages"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    complete = all((folder / name / "dbt_project.yml").is_file() for name in versions)
    return versions if complete and wanted == _fingerprint(entries) else {}


def _locked_versions(folder: Path) -> dict[str, str]:
    path = folder / LOCK_FILE
    packages = (yaml.safe_load(path.read_text()) or {}).get("packages") if path.is_file() else []
    return {
        str(entry["name"]): str(entry.get("version") or entry.get("revision") or "local")
        for entry in packages or []
    }


def _versions_installed_by_hand(project_dir: Path, entries: Entries) -> dict[str, str]:
    """Return the versions of real packages that ``dbt deps`` itself installed; empty if none."""
    folder = project_dir / INSTALL_FOLDER
    versions = _locked_versions(project_dir)
    # dbt deps leaves these folders alone. This module adds its record, and after stand-ins some of
    # the folders in the lock file are missing.
    installed = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return versions if installed == set(versions) >= set(entries) else {}


@contextmanager
def _workspace(project_dir: Path) -> Iterator[Path]:
    """Yield a temporary folder in the project that git ignores; it is removed at the end."""
    with tempfile.TemporaryDirectory(prefix=".dbt_packages_", dir=project_dir) as name:
        folder = Path(name)
        (folder / ".gitignore").write_text("*\n")
        (folder / INSTALL_FOLDER).mkdir()
        yield folder


def _replace(folder: Path, project_dir: Path) -> None:
    """Replace the project's packages by those in the workspace."""
    target = project_dir / INSTALL_FOLDER
    old = folder / "old"
    if target.exists() or target.is_symlink():
        os.rename(target, old)
    try:
        os.rename(folder / INSTALL_FOLDER, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
