"""The error that users read, and helpers that format its message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches


class FeatureStoreError(Exception):
    """A problem that the user can solve, printed without a stack trace.

    Args:
        what: what is wrong, after the place (``file.csv, line 7, column amount: ...``).
        allowed: what would be right.
        next_step: what to do now.
    """

    def __init__(self, what: str, *, allowed: str | None = None, next_step: str | None = None):
        self.what = what
        self.allowed = allowed
        self.next_step = next_step
        parts = [what]
        if allowed:
            parts.append(f"Allowed: {allowed}")
        if next_step:
            parts.append(f"Next: {next_step}")
        super().__init__("\n".join(parts))


def declaration_error(what: str, allowed: str) -> FeatureStoreError:
    """Return the error for a source table that is declared wrongly in the YAML."""
    return FeatureStoreError(
        what,
        allowed=allowed,
        next_step="correct the declaration (feature-store, docs/operate/load_raw.md)",
    )


def all_of(errors: Sequence[FeatureStoreError]) -> FeatureStoreError:
    """Return one error with the messages of several; a single one is returned as it is."""
    if len(errors) == 1:
        return errors[0]
    return FeatureStoreError("\n\n".join(map(str, errors)))


def bullets(lines: Sequence[str], most: int | None = None) -> str:
    """Return lines below a heading, each with a dash; of more than ``most`` only the first."""
    shown = [*lines[:most]]
    if len(lines) > len(shown):
        shown.append(f"… and {len(lines) - len(shown)} more")
    return "".join(f"\n  - {line}" for line in shown)


_in_command: ContextVar[bool] = ContextVar("_in_command", default=False)


@contextmanager
def advice_for_commands() -> Iterator[None]:
    """Let errors in the block name command-line options, not Python parameters."""
    token = _in_command.set(True)
    try:
        yield
    finally:
        _in_command.reset(token)


def option(name: str, value: str = "True") -> str:
    """Return how to set an option: ``max_age='28d'`` in Python, ``--max-age 28d`` in a command."""
    if not _in_command.get():
        return f"{name}={value}"
    flag = f"--{name.replace('_', '-')}"
    return flag if value == "True" else f"{flag} {value.strip(chr(39))}"


def near_names(wanted: str, known: Iterable[str], limit: int = 5) -> str:
    """Return the known names most like ``wanted``, or the first names where none is like it."""
    names = sorted(known)
    near = get_close_matches(wanted, names, n=limit, cutoff=0.5)
    if near:
        return "near names: " + ", ".join(near)
    if not names:
        return "there are none"
    more = f", … ({len(names)} in all)" if len(names) > limit else ""
    return "known names: " + ", ".join(names[:limit]) + more
