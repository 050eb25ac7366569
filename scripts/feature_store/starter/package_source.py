"""The dbt package as packages.yml names it: a git address, or a folder.

The Python package carries the dbt package, so that ``init`` works without an address.
"""

from __future__ import annotations

import os
import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from feature_store.errors import FeatureStoreError
from feature_store.registry.manifest import PACKAGE

#: The dbt package, as it is installed with this code.
CARRIED = Path(__file__).resolve().parents[1] / "dbt_package"
#: The folder of the dbt package in the repository.
_SUBDIRECTORY = "macros"
_GIT = re.compile(r"(https?|ssh|git|file)://|[\w.-]+@[\w.-]+:|.*\.git(/?$|@)")
#: The address, and the revision behind its path: a user and host may have an @ before it.
_ADDRESS = re.compile(r"((?:\w+://[^/]+/|[\w.-]+@[\w.-]+:)?[^@]*)(?:@(.+))?")
#: The names of the repository's address among the URLs of the Python package.
_URL_NAMES = ("repository", "source", "source code")

Entry = dict[str, str]


def package_entry(given: str | None, project_dir: Path) -> Entry:
    """Return the entry of packages.yml.

    Args:
        given: an address of the git repository, with ``@REVISION`` at its end if wanted, or a
            folder with the dbt package; None: the repository's address as the Python package has
            it, or else the dbt package that is installed with the Python package.
        project_dir: the project; a folder inside it is named relative to it.

    Raises:
        FeatureStoreError: the folder holds no dbt package ``feature_store``.
    """
    source = given or _own_url()
    if source and _GIT.match(source):
        found = _ADDRESS.fullmatch(source)
        address, revision = (found[1], found[2]) if found else (source, None)
        entry = {"git": address, "subdirectory": _SUBDIRECTORY}
        if not revision and not given:  # our own repository has a tag for each version
            revision = f"v{metadata('feature-store')['Version']}"
        return entry | ({"revision": revision} if revision else {})
    return {"local": _relative(_folder(source), project_dir)}


def _own_url() -> str | None:
    try:
        urls = metadata("feature-store").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    named = dict(url.split(", ", 1) for url in urls if ", " in url)
    return next((url for name, url in named.items() if name.lower() in _URL_NAMES), None)


def _folder(source: str | None) -> Path:
    folder = Path(source).expanduser().absolute() if source else CARRIED.resolve()
    for one in (folder, folder / _SUBDIRECTORY):  # the repository's folder will do
        file = one / "dbt_project.yml"
        if not file.is_file() or not (one / "feature_views").is_dir():
            continue
        if re.search(rf"^name: *{PACKAGE}\s*$", file.read_text(), re.M):
            return one
    raise FeatureStoreError(
        f"--package {source or folder}: is no folder with the dbt package {PACKAGE}",
        allowed=f"the folder {_SUBDIRECTORY} of a checkout, or the address of a git repository",
        next_step="give one of them, or leave --package out for the one that is installed with "
        "the Python package",
    )


def _relative(folder: Path, project_dir: Path) -> str:
    project = project_dir.resolve()
    if folder.resolve().is_relative_to(project):
        return Path(os.path.relpath(folder.resolve(), project)).as_posix()
    return folder.as_posix()
