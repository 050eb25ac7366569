"""The progress bar of command lines: on stderr, on terminals only, and removed at the end."""

from __future__ import annotations

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from feature_store.cli.app import err


def progress_bar(*more: ProgressColumn, quiet: bool = False) -> Progress:
    """Return a bar with its description, the number done of all, and the time so far."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        *more,
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    )
