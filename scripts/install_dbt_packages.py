#!/usr/bin/env python3
"""Install the dbt packages of packages.yml where they are missing or outdated."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.install_packages import install_dbt_packages

if __name__ == "__main__":
    run(install_dbt_packages)
