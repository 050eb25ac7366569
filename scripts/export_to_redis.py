"""Export the served rows of every green feature view to Redis."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from feature_store import command_line
from feature_store.arguments import read_sample
from feature_store.definitions import FeatureView
from feature_store.online.changes import Changes
from feature_store.online.connection import describe_server
from feature_store.online.export import export_features, plan_export
from feature_store.online.export_types import ExportedView, ExportOptions, Watcher
from feature_store.settings import load_settings


class Terminal(Watcher):
    """Shows on stderr how the export goes on."""

    def __init__(self) -> None:
        self.exported: dict[str, ExportedView] = {}
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=command_line.err,
            transient=True,
            disable=not command_line.err.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def said(self, line: str) -> None:
        """Print a line."""
        command_line.err.print(line, markup=False)

    def began(self, changes: Changes) -> None:
        """Begin a view's bar."""
        label = changes.served.view.label
        self._tasks[label] = self.progress.add_task(label, total=changes.rows + changes.departed)

    def sent(self, view: FeatureView, rows: int) -> None:
        """Move a view's bar."""
        self.progress.advance(self._tasks[view.label], rows)

    def finished(self, exported: ExportedView) -> None:
        """Keep what was done, for the table."""
        self.exported[exported.view.label] = exported


def show_plan(planned: list[Changes], server: str) -> None:
    """Print what would be exported."""
    table = Table("feature view", "to send", "to delete", "what", "life")
    table.title, table.title_justify = f"Would go to {server}", "left"
    for plan in planned:
        view = plan.served.view
        life = "forever" if view.ttl_seconds is None else f"{view.ttl_seconds} s"
        what = what_was_sent(plan.reason, plan.rows + plan.departed)
        table.add_row(view.label, f"{plan.rows:,}", f"{plan.departed:,}", what, life)
    command_line.out.print(table)


def what_was_sent(reason: str, changes: int) -> str:
    """Return what a view's export sends, in words."""
    return escape(reason) if changes or reason != "changes" else "nothing new"


def show_exported(exported: list[ExportedView], server: str) -> None:
    """Print what was exported."""
    table = Table("feature view", "sent", "deleted", "online", "what", "seconds", "checked")
    table.title, table.title_justify = f"Exported to {server}", "left"

    def add(name: str, views: list[ExportedView], what: str) -> None:
        sums = [
            sum(getattr(view, part) for view in views) for part in ("rows", "deleted", "served")
        ]
        seconds = sum(view.seconds for view in views)
        counts = [f"{count:,}" for count in sums]
        found = [view.checked for view in views if view.checked]
        checked = f"{sum(one.checked + one.departed for one in found):,}" if found else ""
        if wrong := sum(one.mismatches for one in found):
            checked += f", {wrong:,} differ"
        table.add_row(name, *counts, what, f"{seconds:.2f}", checked)

    for one in exported:
        add(one.view.label, [one], what_was_sent(one.reason, one.rows + one.deleted))
    table.add_section()
    add("all", exported, "")
    command_line.out.print(table)


def export_to_redis(
    view: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this view: customer_purchases or customer_purchases:v1. Repeatable."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Send everything, and remove what is stale.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Let rows of an earlier time replace later ones.")
    ] = False,
    verify: Annotated[
        str, typer.Option(help="Entities of each view to read back and compare; all; 0 for none.")
    ] = "10000",
    max_mismatch: Annotated[
        float, typer.Option(min=0, max=1, help="Share of them that may differ.")
    ] = 0.0,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another exporter.")
    ] = 60.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be exported; write nothing.")
    ] = False,
    target: Annotated[str | None, typer.Option(help="Target of profiles.yml.")] = None,
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
    server = describe_server(settings)
    if dry_run:
        show_plan(plan_export(settings, options), server)
        return
    terminal = Terminal()
    try:
        with terminal.progress:
            export_features(settings, options, terminal)
    finally:
        # After a failure too: these views are complete, the others are as they were.
        if terminal.exported:
            show_exported([*terminal.exported.values()], server)


if __name__ == "__main__":
    command_line.run(export_to_redis)
