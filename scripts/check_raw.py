"""Check that the raw data of an interval are available; ``python scripts/check_raw.py --help``."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.check_raw import check_raw

if __name__ == "__main__":
    run(check_raw)
