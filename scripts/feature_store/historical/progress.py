"""How far long queries are."""

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
    """Show on stderr how far the queries are that the caller runs meanwhile.

    Args:
        connection: where the queries run.
        title: what they do.
        show: whether to; by default where stderr is a terminal.
        parts: how many parts of the same size there are.

    Yields:
        what the caller tells which part begins, from 0.
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

        def watch() -> None:
            while not ended.wait(_EVERY_SECONDS):
                # Negative where DuckDB cannot tell yet.
                query = max(0.0, connection.query_progress())
                progress.update(task, completed=100 * done + query)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield begin
            progress.update(task, completed=100 * parts)
        finally:
            ended.set()
            watcher.join()
