"""Load raw data into the warehouse, unchanged."""

from typing import Annotated

import typer

from feature_store.cli import app
from feature_store.cli.arguments import read_interval
from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.report import failure, load_progress, print_results, warnings
from feature_store.settings import load_settings
from feature_store.warehouse.connection import waiting


def load_raw(
    start: Annotated[
        str | None, typer.Option(help="Only rows whose event time is at or after this (UTC).")
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="Only rows whose event time is before this (UTC).")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this source table; may be repeated.")
    ] = None,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="Put malformed rows into raw_rejects and go on.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for other processes at the warehouse.")
    ] = 0.0,
    target: Annotated[str | None, typer.Option(help="A target of profiles.yml.")] = None,
) -> None:
    """Load the files of the sources that the project's YAML declares; unchanged files are skipped.

    With --start or --end, the rows with start <= event time < end are replaced. One option alone
    leaves the other side open.
    """
    request = LoadRequest(table or [], *read_interval(start, end), quarantine)
    settings = load_settings(target)
    with load_progress(app.err) as callbacks, waiting(wait):
        results = load(settings, request, *callbacks)
    print_results(app.out, results)
    for line in warnings(results):
        app.err.print(line, markup=False)
    error = failure(results)
    if error:
        raise error
