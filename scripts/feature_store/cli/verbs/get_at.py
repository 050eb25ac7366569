"""Print the features of one entity as of any time: as recomputed, and as served."""

import json
from contextlib import closing
from datetime import datetime

from rich.text import Text

from feature_store.cli import app, options
from feature_store.cli.arguments import read_entity
from feature_store.display import minute, plain, print_columns, shown
from feature_store.errors import FeatureStoreError
from feature_store.explain import FeatureAt, features_at
from feature_store.registry.deprecation import check_deprecation
from feature_store.store import FeatureStore
from feature_store.times import read_time
from feature_store.warehouse.connection import connect

_STYLES = {"differs": "bold red", "not served": "dim", "no row": "dim"}


def show(rows: list[FeatureAt], title: str) -> None:
    """Print both modes side by side; features that differ are marked."""
    cells = []
    for row in rows:
        times = dict.fromkeys([minute(row.feature_time), minute(row.served_feature_time)])
        cells.append(
            [
                row.reference,
                "no row" if row.feature_time is None else shown(row.recomputed),
                "≠" if row.status == "differs" else "",
                "not served" if row.served_from is None else shown(row.served),
                " / ".join(time for time in times if time),
            ]
        )
    app.out.print(Text(title, style="bold"))
    header = ["feature", "as recomputed", "", "as served", "feature time (UTC)"]
    print_columns(app.out, header, cells, styles=[_STYLES.get(r.status) for r in rows])


def summary(rows: list[FeatureAt], at: datetime) -> str:
    """Return one line: how many features differ, and how many were not served."""
    count = dict.fromkeys(("same", "differs", "not served", "no row"), 0)
    for row in rows:
        count[row.status] += 1
    parts = [f"{count['same']} the same", f"{count['differs']} differ (≠)"]
    parts += [f"{count[name]} {name}" for name in ("not served", "no row") if count[name]]
    many = "1 feature" if len(rows) == 1 else f"{len(rows)} features"
    return f"{many} at {minute(at)} UTC: {', '.join(parts)}"


def get_features_at(
    entity: options.Entity,
    entity_id: options.EntityId,
    at: options.At,
    feature: options.Features = None,
    as_json: options.JsonOutput = False,
    target: options.Target = None,
) -> None:
    """Print features as of a time: customer 1029 --at 2017-06-15, for instance.

    "As recomputed" is the value in the feature tables, with all that is known today; "as served" is
    the value that was in the online store then. Without --feature these are all features of the
    latest version of each view of the entity.
    """
    time = read_time("--at", at)
    with FeatureStore(target) as store:
        latest = [view for view in store.feature_views if view.is_latest]
        ids = read_entity(latest, entity, entity_id)
        with closing(connect(store.settings.warehouse_path)) as connection:
            rows = features_at(store, connection, ids, time, feature)
        # To look at the past is not to use a feature: an expired version is a warning only.
        read = {view for row in rows for _, view, _ in store.definitions.resolve(row.reference)}
        check_deprecation(read, allow_deprecated=True)
    if as_json:
        result = [plain(row) | {"status": row.status} for row in rows]
        print(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        show(rows, f"{entity} {entity_id}")
        app.out.print(summary(rows, time))
    if all(row.status == "no row" for row in rows):
        raise FeatureStoreError(
            f"there is no row of {entity} {entity_id!r} at {minute(time)} UTC",
            next_step="check the id and the time",
        )
