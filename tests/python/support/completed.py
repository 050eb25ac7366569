"""Feature views completed without dbt and a warehouse: the types of the columns are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from feature_store.authoring.complete import complete_versions, complete_view
from feature_store.authoring.draft import Compiled
from feature_store.authoring.snapshot_files import snapshot_files
from feature_store.authoring.views import Project, Version, View, views_of
from feature_store.authoring.yaml_text import YamlText


def completed(
    content: str,
    types: Callable[[View, Version], Mapping[str, str]],
    docs: frozenset[str] = frozenset(),
    packages: frozenset[str] = frozenset(),
    complete: frozenset[str] = frozenset(),
    snapshots: dict[str, str] | None = None,
) -> str:
    """Return a YAML file with its feature views completed, all of them with an online view.

    ``complete`` holds the columns of the events that are tested for nulls; ``snapshots`` gets the
    files of the snapshots, by name.
    """
    folder = Path("/project")
    text = YamlText(content, "models/shop.yml")
    project = Project(folder, [folder / "models"], {folder / "models/shop.yml": text}, {})
    for view in views_of(project):
        complete_versions(text, view)
    views = views_of(project)
    compiled = Compiled(
        types={view.sql_name(one): types(view, one) for view in views for one in view.versions},
        materialized={},
        docs=docs,
        packages=packages,
        materializations=frozenset(["feature_view"]),
        snapshots_elsewhere=frozenset(),
        snapshot_config={"strategy": "feature_store.exact_check", "check_cols": "all"},
        complete={view.sql_name(one): complete for view in views for one in view.versions},
    )
    for view in views:
        complete_view(text, view, compiled, view.versions)
        files = snapshot_files(project, view, view.versions, compiled)
        if snapshots is not None:
            snapshots |= {path.stem: content for path, content in files.items()}
    return text.written()
