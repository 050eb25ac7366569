"""The command that completes feature views, or starts a new one."""

from __future__ import annotations

from typing import Annotated

import typer

from feature_store.authoring.new_view import new_view
from feature_store.authoring.write import Result, write_feature_views
from feature_store.cli import app, options
from feature_store.errors import FeatureStoreError

_START = "to start a view: --new NAME --entity customer_id --events order_lines"


def write_views(
    views: Annotated[
        list[str] | None, typer.Argument(help="The feature views; all where none is given.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if a file is out of date.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the files that removed views left behind.")
    ] = False,
    new: Annotated[str | None, typer.Option(help="Start a feature view with this name.")] = None,
    entity: Annotated[
        list[str] | None, typer.Option(help="Its key column; repeat it for a composite key.")
    ] = None,
    events: Annotated[
        str | None, typer.Option(help="What it reads: order_lines, or source('shop', 'orders').")
    ] = None,
    event_time: Annotated[
        str | None, typer.Option(help="The column with the event's time.")
    ] = None,
    target: options.Target = None,
) -> None:
    """Complete feature views: columns, contract, tests, one-line models, online views, snapshots.

    A person writes the declaration, config.meta.feature_view of a model in a YAML file; this
    writes what follows from it, in place, and keeps what was written by hand. Types of
    columns are asked of the warehouse, so the tables that a view reads must be built.
    """
    if new is not None:
        if views or check or remove or not entity or not events:
            raise FeatureStoreError(
                "--new takes --entity, --events and nothing else but --event-time",
                next_step=_START,
            )
        path = new_view(new, entity, events, event_time, target=target)
        app.out.print(f"{path}: new. Next: edit it, then run build-views {new}", markup=False)
        return
    if entity or events or event_time:
        raise FeatureStoreError(
            "--entity, --events and --event-time belong to --new", next_step=_START
        )
    _show(write_feature_views(views or (), check=check, remove=remove, target=target), check)


def _show(result: Result, check: bool) -> None:
    """Print what was done; it is an error of --check if something was to be done."""
    for line in result.changes:
        app.out.print(line, markup=False)
    for note in result.notes:
        app.err.print(f"note: {note}", markup=False)
    if not result.views:
        app.out.print(f"no model declares config.meta.feature_view; {_START}", markup=False)
    elif not result.changes:
        plural = "s are" if result.views != 1 else " is"
        app.out.print(f"{result.views} feature view{plural} up to date", markup=False)
    elif check:
        count = len(result.changes)
        raise FeatureStoreError(
            f"{count} file{'s are' if count != 1 else ' is'} not what the declarations make",
            next_step="feature-store build-views writes them",
        )
