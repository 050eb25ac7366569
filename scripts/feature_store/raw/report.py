"""What a person sees of a load: progress while it runs, a table at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from feature_store.errors import FeatureStoreError
from feature_store.raw.declarations import RawTable
from feature_store.raw.files import SourceFile
from feature_store.raw.table_load import TableResult


class LoadProgress:
    """One step a file; says nothing where nobody watches."""

    def __init__(self, progress: Progress):
        self._progress = progress
        self._task = progress.add_task("reading", total=None)

    def start(self, files: int) -> None:
        """Tell how many files there are."""
        self._progress.update(self._task, total=files)

    def file_done(self, table: RawTable, file: SourceFile) -> None:
        """Step over one file."""
        self._progress.update(
            self._task, advance=1, description=f"{escape(table.name)}: {escape(file.label)}"
        )


@contextmanager
def load_progress(console: Console) -> Iterator[LoadProgress]:
    """Show the progress of a load on a terminal, and take it away at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        yield LoadProgress(progress)


def print_results(console: Console, results: list[TableResult]) -> None:
    """Print the closing table, and below it the notes, each once for all tables it holds for."""
    table = Table(box=None, pad_edge=False, show_footer=len(results) > 1)
    table.add_column("table", footer="total", no_wrap=True)
    for name in ("files", "read", "loaded", "skipped", "rejected"):
        total = sum(getattr(result, name) for result in results)
        title = f"rows {name}" if name == "read" else name
        table.add_column(title, footer=f"{total:,}", justify="right", no_wrap=True)
    seconds = sum(result.seconds for result in results)
    table.add_column("seconds", footer=f"{seconds:.2f}", justify="right", no_wrap=True)
    for result in results:
        counts = (result.files, result.read, result.loaded, result.skipped, result.rejected)
        cells = ["failed", *"----"] if result.error else [f"{count:,}" for count in counts]
        table.add_row(escape(result.name), *cells, f"{result.seconds:.2f}")
    # In a narrow terminal, a wrapped line can still be read; half a number cannot.
    width = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    Console(file=console.file, width=max(console.width, width), highlight=False).print(table)
    notes: dict[str, list[str]] = {}
    for result in results:
        for note in result.notes:
            notes.setdefault(note, []).append(result.name)
    for note, names in notes.items():
        console.print(f"{escape(', '.join(names))}: {escape(note)}")


def failure(results: list[TableResult]) -> FeatureStoreError | None:
    """Return the errors of all tables as one, or None if every table was loaded."""
    errors = [result.error for result in results if result.error]
    if len(errors) < 2:
        return errors[0] if errors else None
    texts = [f"{result.name}: {result.error}" for result in results if result.error]
    return FeatureStoreError(f"{len(errors)} tables were not loaded\n\n" + "\n\n".join(texts))
