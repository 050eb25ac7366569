"""Export the served rows of every green feature view to Redis."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.export import export_to_redis

if __name__ == "__main__":
    run(export_to_redis)
