"""Load what is new, build, test and export: one run of the pipeline."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.refresh import run_refresh

if __name__ == "__main__":
    run(run_refresh)
