"""What all command lines share: one console, and errors without stack traces."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer
from rich.console import Console
from rich.markup import escape

from feature_store.errors import FeatureStoreError

#: Results go to stdout, so that they can be piped.
out = Console(soft_wrap=True, highlight=False)
#: Progress, notes and errors go to stderr.
err = Console(stderr=True, soft_wrap=True, highlight=False)


def run(command: Callable[..., None]) -> None:
    """Run a typer command; a :class:`FeatureStoreError` ends it with exit code 1, Ctrl-C with 130."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    try:
        app(standalone_mode=True)
    except FeatureStoreError as error:
        err.print(f"[bold red]error[/] {escape(str(error))}")
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("[bold red]stopped[/] by Ctrl-C")
        sys.exit(130)
