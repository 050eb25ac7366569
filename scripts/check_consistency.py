"""Check that the online store holds what the warehouse serves."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.check import check_consistency

if __name__ == "__main__":
    run(check_consistency)
