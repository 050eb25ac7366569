"""Print the time as of which to serve an interval; ``python scripts/serving_time.py --help``."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.serving_time import print_serving_time

if __name__ == "__main__":
    run(print_serving_time)
