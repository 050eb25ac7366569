"""The output of a load: progress while it runs, then a table of the results, notes and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from feature_store.display import print_columns
from feature_store.errors import FeatureStoreError
from feature_store.raw.files import SourceFile
from feature_store.raw.load_result import LoadResult
from feature_store.raw.sources import RawTable


@contextmanager
def load_progress(
    console: Console,
) -> Iterator[tuple[Callable[[RawTable, SourceFile], None], Callable[[int], None]]]:
    """Show a progress bar if the console is a terminal, and remove it at the end.

    Yields:
        the callbacks ``on_file`` and ``on_start`` of :func:`feature_store.raw.load.load`.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("reading", total=None)
        yield (
            lambda table, file: progress.update(
                task, advance=1, description=f"{table.name}: {file.label}"
            ),
            lambda files: progress.update(task, total=files),
        )


def print_results(console: Console, results: list[LoadResult]) -> None:
    """Print the table of the results, and below it each note once with its tables."""
    counts = ("files", "read", "loaded", "skipped", "rejected")
    header = ["table", *("rows read" if name == "read" else name for name in counts), "seconds"]
    rows = []
    for result in results:
        cells = [f"{getattr(result, name):,}" for name in counts]
        if result.error:
            cells = ["failed", *"----"]
        rows.append([result.name, *cells, f"{result.seconds:.2f}"])
    if len(results) > 1:
        totals = [sum(getattr(result, name) for result in results) for name in counts]
        seconds = sum(result.seconds for result in results)
        rows.append(["total", *(f"{total:,}" for total in totals), f"{seconds:.2f}"])
    print_columns(console, header, rows, right=header[1:], indent="")
    notes: dict[str, list[str]] = {}
    for result in results:
        for note in result.notes:
            notes.setdefault(note, []).append(result.name)
    for note, names in notes.items():
        console.print(f"{', '.join(names)}: {note}", markup=False)


def warnings(results: list[LoadResult]) -> list[str]:
    """Return a line for each table that has no files yet."""
    return [f"warning: {result.name}: {result.warning}" for result in results if result.warning]


def failure(results: list[LoadResult]) -> FeatureStoreError | None:
    """Return the errors of all tables as one, or None if every table was loaded."""
    errors = [result.error for result in results if result.error]
    if len(errors) < 2:
        return errors[0] if errors else None
    texts = [f"{result.name}: {result.error}" for result in results if result.error]
    return FeatureStoreError(f"{len(errors)} tables were not loaded\n\n" + "\n\n".join(texts))
