"""Write a training set: labels with the features as they stood at each label's time."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.train import build

if __name__ == "__main__":
    run(build)
