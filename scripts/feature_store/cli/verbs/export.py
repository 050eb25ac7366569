"""Export the served rows of every green feature view to Redis."""

from typing import Annotated

import typer
from rich.progress import TaskID

from feature_store.cli import app
from feature_store.cli.arguments import read_sample
from feature_store.cli.options import Target, Views
from feature_store.cli.progress import progress_bar
from feature_store.display import print_table
from feature_store.online.connection.open import describe_server
from feature_store.online.export.delta import CHANGES, Delta
from feature_store.online.export.options import ExportedView, ExportOptions, ExportProgress
from feature_store.online.export.run import export_features, plan_export
from feature_store.registry.definitions import FeatureView
from feature_store.settings import Settings, load_settings
from feature_store.warehouse.connection import waiting


class ExportTerminal(ExportProgress):
    """Shows on stderr how the export goes on."""

    def __init__(self) -> None:
        self.exported: dict[str, ExportedView] = {}
        self.bar = progress_bar()
        self._tasks: dict[str, TaskID] = {}

    def message(self, line: str) -> None:
        """Print a line."""
        app.err.print(line, markup=False)

    def view_started(self, delta: Delta) -> None:
        """Begin a view's bar."""
        label = delta.served.view.label
        self._tasks[label] = self.bar.add_task(label, total=delta.rows + delta.removed)

    def rows_sent(self, view: FeatureView, rows: int) -> None:
        """Move a view's bar."""
        self.bar.advance(self._tasks[view.label], rows)

    def view_finished(self, exported: ExportedView) -> None:
        """Keep the result, for the table."""
        self.exported[exported.view.label] = exported


def show_plan(planned: list[Delta], server: str) -> None:
    """Print what would be exported."""
    header, rows = ["feature view", "to send", "to delete", "TTL"], []
    for plan in planned:
        view = plan.served.view
        ttl = "forever" if view.ttl_seconds is None else f"{view.ttl_seconds} s"
        rows.append([view.label, f"{plan.rows:,}", f"{plan.removed:,}", ttl])
    print_table(app.out, f"Would go to {server}", header, rows)
    show_reasons([(plan.served.view.label, plan.reason) for plan in planned])


def show_exported(exported: list[ExportedView], server: str) -> None:
    """Print what was exported."""
    header = ["feature view", "sent", "deleted", "online", "seconds", "checked"]

    def texts(name: str, views: list[ExportedView]) -> list[str]:
        sums = [
            sum(getattr(view, part) for view in views) for part in ("rows", "deleted", "served")
        ]
        found = [view.checked for view in views if view.checked]
        checked = f"{sum(one.checked + one.removed for one in found):,}" if found else ""
        if wrong := sum(one.mismatches for one in found):
            checked += f", {wrong:,} differ"
        seconds = sum(view.seconds for view in views)
        return [name, *(f"{count:,}" for count in sums), f"{seconds:.2f}", checked]

    rows = [texts(one.view.label, [one]) for one in exported]
    title = f"Exported to {server}"
    print_table(app.out, title, header, rows, total=texts("all", exported))
    show_reasons([(one.view.label, one.reason) for one in exported])
    if exported and not any(one.rows or one.deleted for one in exported):
        app.out.print(nothing_new(exported))


def nothing_new(exported: list[ExportedView]) -> str:
    """Return the line for an export that sent nothing: since when, and how many keys exist."""
    times = sorted(one.last_export for one in exported if one.last_export)
    if not times:  # the first export, of views without rows
        return "nothing to send: no view has rows yet"
    line = f"nothing new since the last export at {times[0]}"
    if keys := sum(one.checked.checked if one.checked else one.sampled for one in exported):
        missing = sum(one.checked.mismatches if one.checked else one.missing for one in exported)
        found = f"{missing:,} of them are missing or differ" if missing else "and are online"
        return f"{line}; {keys:,} keys were checked, {found}"
    return f"{line}; whether the keys are still online was not checked"


def show_reasons(reasons: list[tuple[str, str]]) -> None:
    """Print which views are sent whole, and why; of the others only what changed is sent."""
    for reason in dict.fromkeys(reason for _, reason in reasons if reason != CHANGES):
        views = [label for label, found in reasons if found == reason]
        which = "all views" if len(views) == len(reasons) else ", ".join(views)
        app.out.print(f"sent whole, because of {reason}: {which}", markup=False)


def plan(settings: Settings, options: ExportOptions) -> None:
    """Print what an export would send."""
    planned, error = plan_export(settings, options)
    show_plan(planned, describe_server(settings))
    if error:
        raise error


def export(settings: Settings, options: ExportOptions) -> None:
    """Export, with progress on stderr, and print what was exported."""
    terminal = ExportTerminal()
    try:
        with terminal.bar:
            export_features(settings, options, terminal)
    finally:
        # After an error too: these views are complete, the others are as before.
        if terminal.exported:
            show_exported([*terminal.exported.values()], describe_server(settings))


def export_to_redis(
    view: Views = None,
    full: Annotated[
        bool, typer.Option("--full", help="Send everything, and remove what is stale.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Send everything, and let rows of an earlier time replace later ones."
        ),
    ] = False,
    verify: Annotated[
        str, typer.Option(help="Entities of each view to read back and compare; all; 0 for none.")
    ] = "10000",
    max_mismatch: Annotated[
        float, typer.Option(min=0, max=1, help="Share of them that may differ.")
    ] = 0.0,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another exporter, or for dbt.")
    ] = 60.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be exported; write nothing.")
    ] = False,
    target: Target = None,
) -> None:
    """Export what changed of the served rows of every green feature view to Redis.

    The server is that of REDIS_URL; without it, an embedded one. Without --view, any failure of the
    last dbt build refuses the export; with it, only what the view needs.
    """
    settings = load_settings(target)
    options = ExportOptions(
        views=tuple(view or ()),
        full=full,
        force=force,
        sample=read_sample("--verify", verify, least=0),
        max_mismatch=max_mismatch,
        wait_seconds=wait,
    )
    with waiting(wait):
        if dry_run:
            plan(settings, options)
        else:
            export(settings, options)
