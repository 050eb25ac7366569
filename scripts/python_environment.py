"""Checks Python and its packages; prints one line with the next step where they do not fit.

Each script imports this before anything else. It is written for every Python 3, so that an old one
comes far enough to say that it is too old.
"""

import sys

LEAST = (3, 11)
_NEXT = "Next: make setup, then source .venv/bin/activate (or run .venv/bin/python)"


def explain_import_error(kind, error, trace):
    """Print an import that failed as one line, and any other error as ever."""
    if issubclass(kind, ImportError):
        what = "the package {} is not installed here".format(error.name)  # noqa: UP032
        if not issubclass(kind, ModuleNotFoundError):
            what = "{} cannot be imported: {}".format(error.name, error)  # noqa: UP032
        sys.stderr.write("error {}: {}. {}\n".format(sys.executable, what, _NEXT))  # noqa: UP032
    else:
        sys.__excepthook__(kind, error, trace)


if sys.version_info < LEAST:
    sys.exit(
        "error {}: Python {}.{} is too old, {}.{} or newer is needed. {}".format(
            sys.executable, *(tuple(sys.version_info[:2]) + LEAST + (_NEXT,))
        )
    )
sys.excepthook = explain_import_error
