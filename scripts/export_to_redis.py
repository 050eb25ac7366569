"""Export the served rows of every green feature view to Redis."""

from functools import partial
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from feature_store import command_line
from feature_store.build_status import check_no_failures, read_results
from feature_store.definitions import load_definitions
from feature_store.online.connection import check_address, describe_server, open_online_store
from feature_store.online.export import (
    ExportedView,
    PlannedExport,
    choose_views,
    claim_prefix,
    export_view,
    plan_export,
)
from feature_store.settings import load_settings
from feature_store.warehouse import connect


def show_plan(planned: list[PlannedExport], server: str) -> None:
    """Print what would be exported."""
    table = Table("feature view", "rows", "life", title=f"Would go to {server}")
    table.title_justify = "left"
    for plan in planned:
        life = "forever" if plan.view.ttl_seconds is None else f"{plan.view.ttl_seconds} s"
        table.add_row(plan.view.label, f"{plan.rows:,}", life)
    command_line.out.print(table)


def show_exported(exported: list[ExportedView], server: str) -> None:
    """Print what was exported."""
    table = Table("feature view", "rows", "MB", "seconds", title=f"Exported to {server}")
    table.title_justify = "left"
    for view in exported:
        table.add_row(
            view.view.label, f"{view.rows:,}", f"{view.sent_bytes / 1e6:.1f}", f"{view.seconds:.2f}"
        )
    rows = sum(view.rows for view in exported)
    sent_bytes = sum(view.sent_bytes for view in exported)
    seconds = sum(view.seconds for view in exported)
    table.add_section()
    table.add_row("all", f"{rows:,}", f"{sent_bytes / 1e6:.1f}", f"{seconds:.2f}")
    command_line.out.print(table)


def export_to_redis(
    view: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this view: customer_purchases or customer_purchases:v1. Repeatable."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option(help="Say what would be exported; send nothing.")
    ] = False,
    target: Annotated[str | None, typer.Option(help="Target of profiles.yml.")] = None,
) -> None:
    """Export the served rows of every green feature view to Redis.

    The server is that of REDIS_URL (redis, rediss or unix); without it, an embedded one. Without
    --view, any failure of the last dbt build refuses the export; with it, only what the view needs.
    """
    settings = load_settings(target)
    check_address(settings)
    definitions = load_definitions(settings.target_path / "manifest.json")
    views = choose_views(definitions, view or [])
    server = describe_server(settings)
    with connect(settings.warehouse_path) as connection:
        results = read_results(connection)
        if not view:
            check_no_failures(definitions, results)
        planned = plan_export(connection, settings.prefix, definitions, views, results)
        if dry_run:
            show_plan(planned, server)
            return
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=command_line.err,
            transient=True,
            disable=not command_line.err.is_terminal,
        )
        exported: list[ExportedView] = []
        try:
            with open_online_store(settings) as client, progress:
                claim_prefix(client, settings.prefix, definitions.project_name)
                for plan in planned:
                    task = progress.add_task(plan.view.label, total=plan.rows)
                    advance = partial(progress.advance, task)
                    exported.append(export_view(connection, client, settings.prefix, plan, advance))
        finally:
            # After a failure too: these views are complete, the others are as they were.
            if exported:
                show_exported(exported, server)


if __name__ == "__main__":
    command_line.run(export_to_redis)
