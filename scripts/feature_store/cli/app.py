"""Runs a command line: consoles, signals, exit codes, and errors without stack traces."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import TextIO

import duckdb
import typer
from rich.console import Console
from rich.text import Text

from feature_store.cli.negative_ids import NegativeIdCommand
from feature_store.cli.unexpected_errors import readable_error
from feature_store.errors import FeatureStoreError, advice_for_commands
from feature_store.registry.deprecation import DeprecatedFeatureViewWarning
from feature_store.warehouse.connection import interrupt_queries, waiting


class _PipedConsole(Console):
    """A console that raises an error when its pipe is closed; rich would exit with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


#: Results go to stdout, so that they can be piped. Names such as fs:lock: must not become emoji.
out = _PipedConsole(soft_wrap=True, highlight=False, emoji=False)
#: Progress, notes and errors go to stderr.
err = _PipedConsole(stderr=True, soft_wrap=True, highlight=False, emoji=False)

_SIGNALS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
#: Exceptions that typer prints itself.
_TYPER_ERRORS = (SystemExit, typer.Exit, typer.Abort, typer.BadParameter)
#: The exit code of a program that writes to a closed pipe.
_BROKEN_PIPE = 128 + signal.SIGPIPE


def run(
    command: Callable[..., None],
    arguments: Sequence[str] | None = None,
    *,
    name: str | None = None,
) -> None:
    """Run a typer command whose errors are one message on stderr, without a stack trace.

    Exit codes: 1 after an error, 2 for wrong arguments, 130 after Ctrl-C, 143 after SIGTERM, 141
    where the reader of the output has ended. ``finally`` clauses and ``with`` blocks are completed
    in each case. With ``FEATURE_STORE_DEBUG=1`` the stack trace comes before the message.

    Args:
        command: the function whose parameters are the options.
        arguments: those of the command line; None: of this process.
        name: the command's name in its usage; None: that of this process.
    """
    received: list[int] = []

    def stop(signal_number: int, _: object) -> None:
        received.append(signal_number)
        interrupt_queries()
        raise KeyboardInterrupt

    # Inside of typer, which would end a command on Ctrl-C without a message.
    @functools.wraps(command)
    def guarded(*args: object, **kwargs: object) -> None:
        before = {number: signal.signal(number, stop) for number in _SIGNALS}
        try:
            say = functools.partial(err.print, markup=False)
            with advice_for_commands(), waiting(0, say, has_option=False):
                command(*args, **kwargs)
            sys.stdout.flush()  # a failed write is an error too
        except BaseException as error:
            _end_with(error, received)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # some encodings cannot write every character
            stream.reconfigure(errors="backslashreplace")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(cls=NegativeIdCommand)(guarded)
    app(arguments, standalone_mode=True, prog_name=name)


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
        err.print(Text.assemble(("warning", "bold yellow"), f" {message}"))
    else:
        _show_other_warning(message, category, filename, lineno, file, line)


def _end_with(error: BaseException, received: Sequence[int]) -> None:
    if isinstance(error, _TYPER_ERRORS):
        raise error
    if received:  # DuckDB replaces the interrupt by an error of its own
        _end(128 + received[0], "stopped", f" by {_SIGNALS[received[0]]}")
    if isinstance(error, (KeyboardInterrupt, duckdb.InterruptException)):
        _end(128 + signal.SIGINT, "stopped", "")
    if isinstance(error, BrokenPipeError):
        _drop_output()
        sys.exit(_BROKEN_PIPE)
    if os.environ.get("FEATURE_STORE_DEBUG", "0") not in ("", "0"):
        traceback.print_exception(error)
    if not isinstance(error, FeatureStoreError):
        error = readable_error(error)
    _end(1, "error", f" {error}")


def _drop_output() -> None:
    """Discard output that could not be written, or Python would write it again at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a file
        return


def _end(code: int, word: str, rest: str) -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    with contextlib.suppress(BrokenPipeError):
        err.print(Text.assemble((word, "bold red"), rest))
    sys.exit(code)
