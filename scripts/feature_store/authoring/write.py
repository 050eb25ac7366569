"""Brings the files of feature views up to date with their declarations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from feature_store.authoring.compiled import compile_views
from feature_store.authoring.complete import complete_versions, complete_view
from feature_store.authoring.leftovers import Leftover, check_readers, leftovers, without
from feature_store.authoring.project_files import Project, read_project
from feature_store.authoring.snapshot_files import snapshot_files
from feature_store.authoring.sql_files import (
    is_served,
    one_line_models,
    online_models,
    served_list,
    without_lists,
)
from feature_store.authoring.views import Version, View, chosen, views_of
from feature_store.authoring.yaml_nodes import check_aliases
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError, bullets
from feature_store.files import write_all
from feature_store.settings import Settings, load_settings


@dataclass
class Result:
    """What was, or would be, changed.

    Attributes:
        changes: a line on each file.
        notes: what a person should know of it.
        views: the number of views that were looked at.
    """

    changes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    views: int = 0


def write_feature_views(
    names: Iterable[str] = (),
    *,
    check: bool = False,
    remove: bool = False,
    target: str | None = None,
    project_dir: Path | None = None,
) -> Result:
    """Complete feature views: their YAML, one-line models, online views and snapshots.

    Args:
        names: the views; all where none is given.
        check: whether to change nothing, and only say what is out of date.
        remove: whether to remove what views that were removed by hand left behind.
        target: the target of profiles.yml.
        project_dir: the dbt project, by default the one at or above the working directory.

    Raises:
        FeatureStoreError: a file or declaration is wrong, or the warehouse lacks a table; then the
            files are as before.
    """
    if check and remove:
        raise FeatureStoreError(
            "--check changes nothing, and --remove removes files",
            next_step="give one of the two; without either, what was left behind is listed",
        )
    settings = load_settings(target, project_dir)
    project = read_project(settings.project_dir)
    found = leftovers(project, views_of(project))
    if found and not remove:
        raise _left_behind(project, found)
    result = Result([f"{one.label(project)}: removed" for one in found], _kept_in_warehouse(found))
    check_readers(project, found)
    removed, notes = without(project, found)
    result.notes += notes
    before = {path: path.read_bytes().decode("utf-8") for path in removed}
    write_all(removed, project.label)
    try:
        project = read_project(settings.project_dir) if found else project
        changed = _changed(project, settings, target, names, result)
        result.changes += [
            f"{project.label(path)}: {_change(path, check=check)}" for path in changed
        ]
        if not check:
            write_all(changed, project.label)
    except BaseException:
        write_all(before, project.label)
        raise
    if not check:
        # With what dbt kept of a file, it may not find the versions of models in its next edition.
        (settings.target_path / "partial_parse.msgpack").unlink(missing_ok=True)
    return result


def _changed(
    project: Project, settings: Settings, target: str | None, names: Iterable[str], result: Result
) -> dict[Path, str]:
    """Return the files of the views with some names that are to be written, by path."""
    for text in project.texts.values():
        check_aliases(text.root, text.where)
    views = views_of(project)
    selected = chosen(views, names)
    result.views = len(selected)
    return _completed(project, settings, target, views, selected, result) if selected else {}


def _change(path: Path, *, check: bool) -> str:
    if not path.exists():
        return "missing" if check else "new"
    return "out of date" if check else "updated"


def _completed(
    project: Project,
    settings: Settings,
    target: str | None,
    views: list[View],
    selected: list[View],
    result: Result,
) -> dict[Path, str]:
    """Return the files of some views that are to be written, by path."""
    before = {path: text.written() for path, text in project.texts.items()}
    for view in views:
        complete_versions(project.texts[view.path], view)
    sql = without_lists(project)
    for view in views:
        sql |= one_line_models(project, view)
    compiled = compile_views(project, settings, target, selected, views, sql)
    # What was only for the draft is not written.
    for view in {one.path: one for one in views if one not in selected}.values():
        if view.path not in {one.path for one in selected}:
            project.texts[view.path] = YamlText(before[view.path], project.label(view.path))
    contents: dict[Path, str] = {}
    for view in selected:
        served = [one for one in view.versions if is_served(project, view, one)]
        for version in served:
            _check_online(project, view, version, result)
        result.notes += complete_view(project.texts[view.path], view, compiled, served)
        snapshots, notes = snapshot_files(project, view, served, compiled)
        contents |= snapshots
        result.notes += notes
        contents[view.path] = project.texts[view.path].written()
        contents |= one_line_models(project, view) | online_models(project, view)
    contents |= served_list(project, views)
    for path, text in contents.items():
        if path.suffix != ".sql":
            _check_result(project, path, text)
    return {path: text for path, text in contents.items() if text != _present(path)}


def _check_result(project: Project, path: Path, text: str) -> None:
    """Refuse a text that dbt could not read, before anything is written."""
    label = project.label(path)
    try:
        yaml.safe_load(text)
        check_aliases(YamlText(text, label).root, label)
    except (yaml.YAMLError, FeatureStoreError) as error:
        said = str(error).splitlines()[0]
        raise FeatureStoreError(
            f"{label}: what was written by hand cannot be completed: {said}",
            allowed="anchors above their aliases, of what stays in the file",
            next_step="write what the alias stands for in its place, then run again; nothing was "
            "changed",
        ) from error


def _check_online(project: Project, view: View, version: Version, result: Result) -> None:
    """Refuse an online view that another file describes; note one that is not declared."""
    name = view.online_name(version)
    there = project.model(name)
    if there is not None and there[0] != view.path:
        raise FeatureStoreError(
            f"{project.label(there[0])}: {name} is described there, and {view.name} in "
            f"{project.label(view.path)}",
            allowed="one file, as the two share their columns by an anchor",
            next_step=f"move the entry of {name} into {project.label(view.path)}",
        )
    if "online" not in version.declaration:
        result.notes.append(
            f"{view.name}: the declaration has no online:, and {name} is there and stays served; "
            f"remove its model, its entry and its snapshot where it is not wanted any more"
        )


def _present(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", errors="replace") if path.exists() else None


def _left_behind(project: Project, found: list[Leftover]) -> FeatureStoreError:
    views = sorted({one.view for one in found})
    return FeatureStoreError(
        f"no YAML declares {', '.join(views)} any more, and this was left behind:"
        + bullets([one.label(project) for one in found]),
        next_step="run again with --remove to remove it, or restore the declaration; tables in the "
        "warehouse and keys in the online store are not touched",
    )


def _kept_in_warehouse(found: list[Leftover]) -> list[str]:
    views = sorted({one.view for one in found})
    return [
        f"{view}: its tables stay in the warehouse: {view}, online_{view}, served_{view}; drop "
        "them by hand when nobody needs them"
        for view in views
    ]
