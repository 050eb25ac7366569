"""The one error that a user is meant to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class FeatureStoreError(Exception):
    """A problem that the user can solve, told without a stack trace.

    Args:
        what: what was wrong, with the place first (``file.csv, line 7, column amount: ...``).
        allowed: what would have been right.
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


def all_of(errors: Sequence[FeatureStoreError]) -> FeatureStoreError:
    """Return one error that tells several; one alone is returned as it is."""
    if len(errors) == 1:
        return errors[0]
    return FeatureStoreError("\n\n".join(map(str, errors)))


def near_names(wanted: str, known: Iterable[str], limit: int = 5) -> str:
    """Return the known names most like ``wanted``, or, if none is like it, the first ones."""
    names = sorted(known)
    near = get_close_matches(wanted, names, n=limit, cutoff=0.5)
    if near:
        return "near names: " + ", ".join(near)
    if not names:
        return "there are none"
    more = f", … ({len(names)} in all)" if len(names) > limit else ""
    return "known names: " + ", ".join(names[:limit]) + more
