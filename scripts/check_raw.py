"""Say whether the raw data of an interval are there; ``python scripts/check_raw.py --help``."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from typing import Annotated

import typer

from feature_store.cli import app
from feature_store.cli.arguments import read_interval
from feature_store.raw.availability import check_availability
from feature_store.raw.load_request import LoadRequest
from feature_store.settings import find_project_dir

#: The exit code of "not yet": what waits for the data asks again; any other one is an error.
NOT_YET = 75


def check_raw(
    start: Annotated[str, typer.Option(help="Begin of the interval (UTC).")],
    end: Annotated[str, typer.Option(help="End of the interval, exclusive (UTC).")],
    table: Annotated[
        list[str] | None, typer.Option(help="Only this source table; may be repeated.")
    ] = None,
) -> None:
    """Say whether the files of the declared sources hold the rows of an interval.

    Exit code 0 if every table's do, 75 if some are still to come. Nothing is written, and the
    warehouse is not opened.
    """
    request = LoadRequest(table or [], *read_interval(start, end))
    is_complete = True
    for arrival in check_availability(find_project_dir(), request):
        state = "is there" if arrival.is_there else "not yet"
        app.out.print(f"{arrival.table}: {state}: {arrival.found}", markup=False)
        for note in arrival.notes:
            app.out.print(f"{arrival.table}: {note}", markup=False)
        is_complete &= arrival.is_there
    if not is_complete:
        raise typer.Exit(NOT_YET)


if __name__ == "__main__":
    app.run(check_raw)
