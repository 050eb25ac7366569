"""Explains one value of a feature: its definition, its window, and the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.explain import manifest_nodes as manifest
from feature_store.explain.contributions import Selection, contribution
from feature_store.explain.explanation import Explanation, ServedValue
from feature_store.explain.manifest_nodes import DeclaredFeature
from feature_store.explain.parsed_sql import columns_read, condition_of, sql_literal
from feature_store.explain.view_rows import (
    ViewRow,
    entity_ids,
    first_feature_time,
    key_filter,
    not_built,
    recomputed_row,
    served_row,
    with_zone,
)
from feature_store.registry.definitions import (
    Feature,
    FeatureDefinitions,
    FeatureView,
    duration_seconds,
)
from feature_store.registry.manifest import relation_of
from feature_store.times import as_utc
from feature_store.warehouse.errors import clear_errors
from feature_store.warehouse.sql import identifier, rows_of

if TYPE_CHECKING:
    from feature_store.store import FeatureStore

_WHOLE = "rows between unbounded preceding and unbounded following"


@clear_errors()
def explain_feature(
    store: FeatureStore | FeatureDefinitions,
    connection: duckdb.DuckDBPyConnection,
    entity: Mapping[str, Any],
    reference: str,
    at: datetime,
    *,
    limit: int | None = None,
    served_at: datetime | None = None,
) -> Explanation:
    """Explain one feature of one entity at one time.

    The value is that of the row with the greatest feature time T at or before ``at``; an aggregate
    is taken over the events with T - window <= event time < T.

    Args:
        store: the feature store, or its definitions.
        connection: the warehouse (``feature_store.warehouse.connection.connect``).
        entity: the id by key column, such as ``{"customer_id": 1029}``.
        reference: ``customer_purchases:spend_28d`` or ``customer_purchases:v1:spend_28d``.
        at: the time; without a zone it is UTC.
        limit: how many rows behind the value to fetch at most; all are counted, and all go into the
            recomputed value.
        served_at: when the served row was served that is compared; ``at`` if it is not given. Runs
            may serve features as of an earlier time, such as the end of the data.

    Returns:
        the explanation. For an entity without a row at that time ``feature_time`` is None, and a
        note gives the reason.

    Raises:
        FeatureStoreError: the feature is unknown or names a whole view, the entity's keys are not
            the view's, or dbt has not built what the project describes.
    """
    definitions = manifest.definitions_of(store)
    resolved = definitions.resolve(reference)
    if len(str(reference).split(":")) < 2 or len(resolved) != 1 or resolved[0][0] != reference:
        raise FeatureStoreError(
            f"{reference!r} names a whole feature view",
            allowed=f"one feature, such as {resolved[0][0]}",
            next_step="add the name of the feature",
        )
    ((_, view, feature),) = resolved
    ids = entity_ids(view, entity)
    context = _Context(
        definitions=definitions,
        connection=connection,
        view=view,
        declaration=manifest.declaration_of(definitions, view),
        ids=ids,
        row=recomputed_row(connection, view, ids, at),
        limit=limit,
    )
    served = served_row(connection, view, ids, served_at or at)
    found = context.explain(feature, reference, as_utc(at), served)
    return found if context.row else _without_row(found, context)


@dataclass(frozen=True)
class _Context:
    """One row of a view, with everything that explains its features."""

    definitions: FeatureDefinitions
    connection: duckdb.DuckDBPyConnection
    view: FeatureView
    declaration: dict[str, Any]
    ids: list[str]
    row: ViewRow | None
    limit: int | None

    def explain(
        self, feature: Feature, reference: str, at: datetime, served: ViewRow | None
    ) -> Explanation:
        """Explain a feature of the row, and the features that it is derived from."""
        how = manifest.declared(self.declaration, feature)
        row = self.row
        found = Explanation(
            reference=reference,
            view=self.view.label,
            feature=feature.name,
            description=feature.description,
            kind=how.kind,
            definition=how.sql,
            model=manifest.model_of(self.definitions, self.view),
            entity=dict(zip((key.name for key in self.view.entity), self.ids, strict=True)),
            at=at,
            window=how.window,
            feature_time=row.feature_time if row else None,
            known_at=row.known_at if row else None,
            value=row.values[feature.name] if row else None,
            served=_served(served, feature),
            notes=_notes(self.view, how, served),
        )
        if how.kind == "derived":
            return self._derived(found, feature, served)
        if row is None:
            return found
        if how.kind == "aggregate":
            return self._aggregate(found, feature, how)
        return self._by_hand(found, row)

    def _derived(self, found: Explanation, feature: Feature, served: ViewRow | None) -> Explanation:
        """Explain the features that an expression reads, and evaluate it over them."""
        prefix = found.reference.rpartition(":")[0]
        others = [other for other in self.view.features if other.name != feature.name]
        names = columns_read(self.connection, str(found.definition), [o.name for o in others])
        used = [other for other in others if other.name in names]
        parts = [self.explain(other, f"{prefix}:{other.name}", found.at, served) for other in used]
        if self.row is None:
            return replace(found, parts=parts)
        keys = [f"cast(? as {key.data_type}) as {identifier(key.name)}" for key in self.view.entity]
        values = [f"cast(? as {o.data_type}) as {identifier(o.name)}" for o in used]
        sql = (
            f"select cast({found.definition} as {feature.data_type}) "
            f"from (select {', '.join([*keys, *values])})"
        )
        parameters = [*self.ids, *(part.recomputed for part in parts)]
        ((value,),) = rows_of(self.connection, sql, parameters)
        return _checked(replace(found, parts=parts, recomputed=with_zone(value)))

    def _aggregate(self, found: Explanation, feature: Feature, how: DeclaredFeature) -> Explanation:
        """Select the events of the window, and compute the aggregate of these alone."""
        assert found.feature_time is not None
        node = manifest.event_node(self.definitions, self.view)
        relation = relation_of(node)
        event_time = self.declaration["event_time"]
        start = _window_start(found.feature_time, str(how.window))
        where = f"{key_filter(self.view)} and {identifier(event_time)} < ?"
        parameters: list[Any] = [*self.ids, found.feature_time.replace(tzinfo=None)]
        if start is not None:
            where += f" and {identifier(event_time)} >= ?"
            parameters.append(start.replace(tzinfo=None))
        condition = condition_of(self.connection, str(how.sql))
        with not_built(relation, node["name"]):
            columns = self._event_columns(relation, str(how.sql), event_time)
            rows, notes = contribution(
                self.connection,
                self.definitions,
                Selection(node, f"{where} and ({condition})", parameters, columns, [event_time]),
                self.limit,
            )
            value, rest = str(how.sql), f"from {relation} where {where} and ({condition})"
            if rows.row_count:
                # With equally frequent values the result of mode() depends on the order of rows. A
                # plain aggregate has no order; this frame has the order by time, as in the model.
                value += f" over (order by {identifier(event_time)} {_WHOLE})"
                rest += " limit 1"
            elif how.has_empty:
                value, rest, parameters = sql_literal(how.empty), "", []
            sql = f"select cast({value} as {feature.data_type}) {rest}"
            ((recomputed,),) = rows_of(self.connection, sql, parameters)
        return _checked(
            replace(
                found,
                recomputed=with_zone(recomputed),
                window_start=start,
                window_end=found.feature_time,
                contributions=[rows],
                notes=[*found.notes, *notes],
            )
        )

    def _event_columns(self, relation: str, sql: str, event_time: str) -> list[str]:
        """Return the columns of the events that a feature reads, keys and time first."""
        described = rows_of(self.connection, f"describe select * from {relation}")
        read = columns_read(self.connection, sql, [row[0] for row in described])
        keys = [key.name for key in self.view.entity]
        return list(dict.fromkeys([*keys, event_time, *read]))

    def _by_hand(self, found: Explanation, row: ViewRow) -> Explanation:
        """Show the rows of the entity that the model reads; its SQL says how they are used."""
        keys = {key.name for key in self.view.entity}
        event_time = self.declaration["event_time"]
        seen_until = max(row.feature_time, row.known_at or row.feature_time)
        rows, notes = [], list(found.notes)
        for node in manifest.parents_of(self.definitions, self.view.unique_id):
            relation = relation_of(node)
            described = rows_of(self.connection, f"describe select * from {relation}")
            names = {column[0] for column in described}
            if not keys <= names:
                continue
            where, parameters = key_filter(self.view), list[Any](self.ids)
            if event_time in names:
                where += f" and {identifier(event_time)} <= ?"
                parameters.append(seen_until.replace(tzinfo=None))
            order = [event_time] if event_time in names else []
            one, more = contribution(
                self.connection,
                self.definitions,
                Selection(node, where, parameters, None, order),
                self.limit,
            )
            rows.append(one)
            notes += more
        return replace(found, contributions=rows, notes=notes)


def _window_start(end: datetime, window: str) -> datetime | None:
    """Return T - window; None for the lifetime, and for a time before the first year."""
    if window == "lifetime":
        return None
    try:
        return end - timedelta(seconds=duration_seconds(window))
    except OverflowError:
        return None


def _served(row: ViewRow | None, feature: Feature) -> ServedValue | None:
    if row is None or row.served_from is None:
        return None
    return ServedValue(row.values[feature.name], row.feature_time, row.served_from, row.served_to)


def _notes(view: FeatureView, how: DeclaredFeature, served: ViewRow | None) -> list[str]:
    notes = []
    if how.has_empty:
        notes.append(f"an empty window gives {sql_literal(how.empty)}")
    if how.kind == "sql":
        notes.append("the model is written by hand: its SQL says how the rows are used")
    if view.served_relation is None:
        notes.append(f"{view.label} is not served")
    elif served is None:
        notes.append("nothing was served of this entity at that time")
    return notes


def _checked(found: Explanation) -> Explanation:
    if found.is_confirmed:
        return found
    note = (
        "the rows give another value than the table holds: they or the definition were changed "
        f"since dbt built {found.model.relation} (run dbt build), or values tie and more than one "
        "result is right"
    )
    return replace(found, notes=[*found.notes, note])


def _without_row(found: Explanation, context: _Context) -> Explanation:
    first = first_feature_time(context.connection, context.view, context.ids)
    if first is None:
        note = f"{found.view} has no row of this entity"
    else:
        since = first.astimezone(UTC)
        note = f"{found.view} has no row of this entity yet: its first is of {since:%Y-%m-%d %H:%M}"
    return replace(found, notes=[note, *found.notes])
