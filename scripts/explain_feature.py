"""Explain one value of a feature: its definition, its window, and the raw rows behind it."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.explain import explain

if __name__ == "__main__":
    run(explain)
