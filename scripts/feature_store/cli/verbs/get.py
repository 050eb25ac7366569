"""Print the online features of one entity."""

import json
from typing import Annotated

import typer

from feature_store.cli import app, options
from feature_store.cli.arguments import read_entity
from feature_store.display import minute, plain, print_table, shown
from feature_store.errors import FeatureStoreError
from feature_store.online.read.result import OnlineFeatures
from feature_store.store import FeatureStore
from feature_store.times import read_time

#: The text in the place of a value that is not present.
ABSENT = {"not_found": "no row", "null": "null", "outside_max_age": "too old"}


def show(result: OnlineFeatures, title: str) -> None:
    """Print the features of one entity as a table."""
    rows = []
    row, times, statuses = result.rows[0], result.feature_times[0], result.statuses[0]
    for reference, (label, _) in result.columns.items():
        time, status = times[label], statuses[reference]
        text = ABSENT[status] if status in ABSENT else shown(row[reference])
        rows.append([reference, text, minute(time)])
    print_table(app.out, title, ["feature", "value", "feature time (UTC)"], rows)


def get_features(
    entity: options.Entity,
    entity_id: options.EntityId,
    feature: options.Features = None,
    max_age: Annotated[
        str | None, typer.Option(help="Show no features that are older, such as 28d.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="The time that --max-age counts from (UTC); default now.")
    ] = None,
    allow_deprecated: options.AllowDeprecated = False,
    as_json: options.JsonOutput = False,
    target: options.Target = None,
) -> None:
    """Print the online features of one entity: customer 1029, for instance.

    Without --feature these are all features of the latest version of each view of the entity.
    """
    time = read_time("--at", at) if at is not None else None
    with FeatureStore(target) as store:
        served = [view for view in store.feature_views if view.served_id and view.is_latest]
        ids = read_entity(served, entity, entity_id)
        result = store.get_online_features(
            [ids],
            feature or [view.name for view in served if view.entity_name == entity],
            max_age=max_age,
            at=time,
            allow_deprecated=allow_deprecated,
        )
    is_known = any(result.feature_times[0].values())
    if as_json:
        features = {name: plain(value) for name, value in result.rows[0].items()}
        times = {label: plain(time) for label, time in result.feature_times[0].items()}
        found = {"features": features, "feature_times": times, "statuses": result.statuses[0]}
        print(json.dumps(found, indent=2))
    elif is_known:
        show(result, f"{entity} {entity_id}")
    if not is_known:
        raise FeatureStoreError(
            f"the online store has no row of {entity} {entity_id!r}",
            next_step="check the id, or export first (feature-store export)",
        )
