"""Feature views completed without dbt and a warehouse: the types of the columns are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from feature_store.authoring.compiled import Compiled
from feature_store.authoring.complete import complete_versions, complete_view
from feature_store.authoring.project_files import Project
from feature_store.authoring.snapshot_files import snapshot_files
from feature_store.authoring.views import Version, View, views_of
from feature_store.authoring.yaml_text import YamlText

ONE_VIEW = """\
models:
  - name: sales_of_shop
    config:
      meta:
        feature_view:
          entity: [shop]
          events: ref('sales')
          event_time: sold_at
          windows: [7d]
          aggregates:
            sales: count(*)
          online: {ttl: 30d}
"""
DECLARATION = "{entity: [shop], events: ref('sales'), windows: [7d], aggregates: {sales: count(*)}"
_LONGER = DECLARATION.replace("[7d]", "[7d, 9d]")
TWO_VERSIONS = f"""\
models:
  - name: sales_of_shop
    config: {{}}
    columns:
      # Ours.
      - name: shop  # the key
        description: mine
        meta: {{since: 2024-01-01, of: [a, "b, c"]}}

      # Of the first.
      - {{name: sales_7d, description: "per-day # sales"}}
    versions:
      - v: 1
        config: {{meta: {{feature_view: {DECLARATION}, online: {{ttl: 1d}}}}}}}}
      - v: 2
        config: {{meta: {{feature_view: {_LONGER}, online: {{ttl: 1d}}}}}}}}
"""
ONLINE_BY_HAND = """\
  - name: online_sales_of_shop_v1
    description: Ours.
    config:
      meta:
        feature_view:
          entity: [shop]
    columns:
    - name: shop
    - name: sales_7d
"""


def completed(
    content: str,
    types: Callable[[View, Version], Mapping[str, str]] | None = None,
    docs: frozenset[str] = frozenset(),
    packages: frozenset[str] = frozenset(),
    without_nulls: frozenset[str] = frozenset(),
    snapshots: dict[str, str] | None = None,
) -> str:
    """Return a YAML file with its feature views completed, all of them with an online view.

    The types are those of ``ONE_VIEW`` where none are given. ``without_nulls`` holds the columns of
    the events that are tested for nulls; ``snapshots`` gets the files of the snapshots, by name.
    """
    folder = Path("/project")
    text = YamlText(content, "models/shop.yml")
    project = Project(folder, [folder / "models"], {folder / "models/shop.yml": text}, {})
    for view in views_of(project):
        complete_versions(text, view)
    views = views_of(project)
    pairs = [(view, version) for view in views for version in view.versions]
    compiled = Compiled(
        types={view.sql_name(one): (types or types_of_sales)(view, one) for view, one in pairs},
        docs=docs,
        packages=packages,
        without_nulls={view.sql_name(version): without_nulls for view, version in pairs},
    )
    for view in views:
        complete_view(text, view, compiled, view.versions)
        files, _ = snapshot_files(project, view, view.versions, compiled)
        if snapshots is not None:
            snapshots |= {path.stem: content for path, content in files.items()}
    return text.written()


def types_of_sales(view: View, version: Version) -> dict[str, str]:
    """Return the types of the columns of a view with the one aggregate ``sales``."""
    windows = version.declaration["windows"]
    return {
        **dict.fromkeys(version.declaration["entity"], "varchar"),
        "feature_time": "timestamp",
        **{f"sales_{window}": "bigint" for window in windows},
        "known_at": "timestamp",
    }
