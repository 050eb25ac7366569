"""Check that the raw data of an interval are available."""

from typing import Annotated

import typer

from feature_store.cli import app
from feature_store.cli.arguments import read_interval
from feature_store.raw.interval_availability import check_availability
from feature_store.raw.load_request import LoadRequest
from feature_store.settings import find_project_dir

#: The exit code of "not yet available", after which a caller tries again.
NOT_YET = 75


def check_raw(
    start: Annotated[str, typer.Option(help="Start of the interval (UTC).")],
    end: Annotated[str, typer.Option(help="End of the interval, exclusive (UTC).")],
    table: Annotated[
        list[str] | None, typer.Option(help="Only this source table; may be repeated.")
    ] = None,
) -> None:
    """Check whether the files of the declared sources have the rows of an interval.

    The exit code is 0 if the interval is available for every table, 75 if it is not yet. Nothing
    is written, and the warehouse is not opened.
    """
    request = LoadRequest(table or [], *read_interval(start, end))
    is_complete = True
    for result in check_availability(find_project_dir(), request):
        state = "available" if result.is_available else "not yet available"
        app.out.print(f"{result.table}: {state}: {result.found}", markup=False)
        for note in result.notes:
            app.out.print(f"{result.table}: {note}", markup=False)
        is_complete &= result.is_available
    if not is_complete:
        raise typer.Exit(NOT_YET)
