"""Load raw data into the warehouse, unchanged; ``python scripts/load_raw.py --help``."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.load import load_raw

if __name__ == "__main__":
    run(load_raw)
