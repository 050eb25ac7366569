"""Complete feature views from their declarations; see ``write_feature_views.py --help``."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.authoring.command import write_views
from feature_store.cli import app

if __name__ == "__main__":
    app.run(write_views)
