"""Check that the online store holds what the warehouse serves."""

import json
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from feature_store.cli import app, options
from feature_store.cli.arguments import read_sample
from feature_store.display import print_table
from feature_store.errors import FeatureStoreError, all_of
from feature_store.online.check.check import check_view, new_seed
from feature_store.online.check.check_log import record_check
from feature_store.online.check.findings import KINDS, CheckedView, check_share, percent
from feature_store.online.connection.open import check_address, describe_server, open_online_store
from feature_store.online.export.served_views import choose_views
from feature_store.online.layout.readable_times import UnreadableTimeError
from feature_store.registry.definitions import load_definitions
from feature_store.settings import Settings, load_settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import literal


def show(checked: list[CheckedView], server: str, seed: int) -> None:
    """Print the results as a table, and examples of what is wrong."""
    header = ["feature view", "checked", "removed", "wrong", "share", "seconds"]
    rows = []
    for one in checked:
        found = (f"{one.counts[kind]:,} {kind}" for kind in KINDS if one.counts[kind])
        wrong = ", ".join(found) or "nothing"
        share = percent(one.share) if one.is_exported else "never exported"
        numbers = (f"{one.checked:,}", f"{one.removed:,}", wrong, share, f"{one.seconds:.2f}")
        rows.append([one.view.label, *numbers])
    print_table(app.out, f"Compared with {server}, seed {seed}", header, rows)
    for one in checked:
        if one.mismatches or not one.is_exported:
            app.out.print(one.summary(), markup=False)
        for example in one.examples:
            app.out.print(f"  {example}", markup=False)


def check_all(
    settings: Settings, labels: list[str], sample: int | None, seed: int, done: list[CheckedView]
) -> None:
    """Check views, record each result, and add it to ``done``."""
    check_address(settings)
    definitions = load_definitions(
        settings.target_path / "manifest.json", settings.project_name, settings.operations_schema
    )
    views = choose_views(definitions, labels)
    unreadable: list[FeatureStoreError] = []
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}: {task.completed:,} entities"),
        TimeElapsedColumn(),
        console=app.err,
        transient=True,
        disable=not app.err.is_terminal,
    )
    with connect(settings.warehouse_path) as connection:
        connection.execute(f"set memory_limit = {literal(settings.memory_limit)}")
        with open_online_store(settings) as store, progress:
            for view in views:
                task = progress.add_task(view.label, total=None)
                try:
                    checked = check_view(
                        connection,
                        store,
                        definitions,
                        view,
                        sample=sample,
                        seed=seed,
                        on_rows=lambda rows, task=task: progress.advance(task, rows),
                    )
                except UnreadableTimeError as error:
                    unreadable.append(error)
                    continue
                record_check(settings, checked, by="check")
                done.append(checked)
    if unreadable:
        raise all_of(unreadable)


def check_consistency(
    view: options.Views = None,
    sample: Annotated[
        str, typer.Option(help="Entities of each view to compare, or all.")
    ] = "10000",
    max_mismatch: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a view's entities that may be wrong.")
    ] = 0.0,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**63 - 1, help="Compare the sample of an earlier check again."),
    ] = None,
    as_json: options.JsonOutput = False,
    target: options.Target = None,
) -> None:
    """Check that the online store holds what the warehouse serves, column by column.

    Writes nothing to Redis. Exit code 1 where more is wrong than --max-mismatch allows. The results
    are recorded in <target path>/consistency/<target>.jsonl.
    """
    settings = load_settings(target)
    wanted = read_sample("--sample", sample)
    seed = new_seed() if seed is None else seed
    done: list[CheckedView] = []
    try:
        check_all(settings, view or [], wanted, seed, done)
    finally:
        # After an error too: these views were checked.
        if as_json:
            print(json.dumps([one.to_json(examples=True) for one in done], indent=2))
        elif done:
            show(done, describe_server(settings), seed)
    check_share(done, max_mismatch, list_examples=False)
