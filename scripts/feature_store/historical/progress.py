"""A progress bar for long queries of DuckDB."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

_EVERY_SECONDS = 0.2


@contextmanager
def query_progress(
    connection: duckdb.DuckDBPyConnection, title: str, show: bool | None = None, parts: int = 1
) -> Iterator[Callable[[int], None]]:
    """Show on stderr the progress of the queries that the caller runs in the block.

    By default it is shown where stderr is a terminal.

    Yields:
        a callback for the number of the query that begins, from 0.
    """
    if not (sys.stderr.isatty() if show is None else show):
        yield lambda part: None
        return
    connection.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    ended = threading.Event()
    done = 0
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=100 * parts)

        def begin(part: int) -> None:
            nonlocal done
            done = part

        def update() -> None:
            while not ended.wait(_EVERY_SECONDS):
                # Negative as long as DuckDB does not know.
                query = max(0.0, connection.query_progress())
                progress.update(task, completed=100 * done + query)

        updater = threading.Thread(target=update, daemon=True)
        updater.start()
        try:
            yield begin
            progress.update(task, completed=100 * parts)
        finally:
            ended.set()
            updater.join()
