"""What all command lines share: one console, and errors without stack traces."""

from __future__ import annotations

import functools
import signal
import sys
import warnings
from collections.abc import Callable
from typing import TextIO

import typer
from rich.console import Console
from rich.markup import escape

from feature_store.deprecation import DeprecatedFeatureViewWarning
from feature_store.errors import FeatureStoreError
from feature_store.warehouse import interrupt_queries

#: Results go to stdout, so that they can be piped. Names such as fs:lock: are no emoji.
out = Console(soft_wrap=True, highlight=False, emoji=False)
#: Progress, notes and errors go to stderr.
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

_SIGNALS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


def run(command: Callable[..., None]) -> None:
    """Run a typer command whose errors are one message on stderr, without a stack trace.

    Exit codes: 1 after a :class:`FeatureStoreError`, 2 for wrong arguments, 130 after Ctrl-C, 143
    after SIGTERM. ``finally`` clauses and ``with`` blocks come to their end in each case.
    """
    received: list[int] = []

    def stop(signal_number: int, _: object) -> None:
        received.append(signal_number)
        interrupt_queries()
        raise KeyboardInterrupt

    # Inside of typer, which would end a command on Ctrl-C without a word.
    @functools.wraps(command)
    def guarded(*args: object, **kwargs: object) -> None:
        warnings.showwarning = _show_warning
        for signal_number in _SIGNALS:
            signal.signal(signal_number, stop)
        try:
            command(*args, **kwargs)
        except BaseException as error:
            if received:  # DuckDB makes an error of its own of the interrupt
                _end(128 + received[0], f"[bold red]stopped[/] by {_SIGNALS[received[0]]}")
            if isinstance(error, FeatureStoreError):
                _end(1, f"[bold red]error[/] {escape(str(error))}")
            raise

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(guarded)
    app(standalone_mode=True)


_show_other_warning = warnings.showwarning


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, DeprecatedFeatureViewWarning):
        err.print(f"[bold yellow]warning[/] {escape(str(message))}")
    else:
        _show_other_warning(message, category, filename, lineno, file, line)


def _end(code: int, message: str) -> None:
    err.print(message)
    sys.exit(code)
