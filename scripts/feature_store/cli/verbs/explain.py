"""Explain one value of a feature: its definition, its window, and the raw rows behind it."""

import json
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import duckdb
import typer

from feature_store.cli import app, options
from feature_store.cli.arguments import read_entity
from feature_store.dbt.connection import connect_as_dbt
from feature_store.display import plain
from feature_store.errors import FeatureStoreError
from feature_store.explain import explain_feature
from feature_store.explain.show import show
from feature_store.pipeline.time_of_run import last_served
from feature_store.registry.definitions import FeatureView
from feature_store.registry.deprecation import check_deprecation
from feature_store.store import FeatureStore
from feature_store.times import as_utc, read_time


def explain(
    entity: options.Entity,
    entity_id: options.EntityId,
    feature: Annotated[
        str, typer.Argument(help="customer_purchases:spend_28d or customer_purchases:v1:spend_28d.")
    ],
    at: options.AtOrServed = None,
    limit: Annotated[int, typer.Option(min=0, help="How many rows to print at most.")] = 20,
    as_json: options.JsonOutput = False,
    target: options.Target = None,
) -> None:
    """Explain a value: customer 1 customer_purchases:spend_28d --at 2017-06-15, for instance.

    The value is the one as of that time, with all that is known today, beside the value that was
    served then, and with the rows that it was computed from. Without a time it is the value as of
    the time that the view was served last for, or now if it never was, beside what is served now.
    """
    given = read_time("--at", at) if at is not None else None
    with FeatureStore(target) as store:
        view = store.definitions.resolve(feature)[0][1]
        ids = read_entity([view], entity, entity_id)
        # To explain a feature is not to use it: an expired version is a warning only.
        check_deprecation([view], allow_deprecated=True)
        with closing(connect_as_dbt(store.settings)) as connection:
            time, meaning = (given, "") if given else _default_time(store, connection, view)
            served_at = given or datetime.now(UTC)
            found = explain_feature(
                store, connection, ids, feature, time, limit=limit, served_at=served_at
            )
    if as_json:
        result = plain(found) | {"is_confirmed": found.is_confirmed}
        print(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        show(app.out, found, meaning)
    if found.feature_time is None and found.served is None:
        raise FeatureStoreError(
            found.notes[0], next_step=f"check the id and the time, {time:%Y-%m-%d %H:%M} UTC"
        )


def _default_time(
    store: FeatureStore, connection: duckdb.DuckDBPyConnection, view: FeatureView
) -> tuple[datetime, str]:
    """Return the time as of which a view was served last, or now, and what it is."""
    served = dict(last_served(connection, store.settings.operations_schema)).get(view.served_id)
    if served is not None:
        return as_utc(served), "as of which it was served last"
    return datetime.now(UTC).replace(microsecond=0), "now, as it was never served"
