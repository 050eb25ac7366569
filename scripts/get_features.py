"""Print the online features of one entity."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.get import get_features

if __name__ == "__main__":
    run(get_features)
