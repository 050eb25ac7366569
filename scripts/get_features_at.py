"""Print the features of one entity as of any time: as recomputed, and as served."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.get_at import get_features_at

if __name__ == "__main__":
    run(get_features_at)
