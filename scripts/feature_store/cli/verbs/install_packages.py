"""Install the dbt packages of packages.yml where they are missing or outdated.

The real packages come from the dbt package hub; where it cannot be reached, the project's own
stand-ins take their place. One line on stdout says which one it is.
"""

from pathlib import Path
from typing import Annotated

import typer

from feature_store.cli.app import out
from feature_store.dbt.packages import Source, install
from feature_store.errors import FeatureStoreError
from feature_store.settings import find_project_dir


def install_dbt_packages(
    stand_in: Annotated[
        bool, typer.Option("--stand-in", help="Install the stand-in, whatever the hub says.")
    ] = False,
    real: Annotated[
        bool, typer.Option("--real", help="Require the real packages; fail without the hub.")
    ] = False,
    project_dir: Annotated[
        Path | None, typer.Option(help="The dbt project; default: here or above.")
    ] = None,
) -> None:
    """Install the dbt packages of packages.yml: the real ones, else the project's stand-in.

    A stand-in of a package is a folder of its name in the project's scripts/stand_in; a project
    without such folders needs dbt deps only.
    """
    if stand_in and real:
        raise FeatureStoreError(
            "--stand-in and --real exclude each other",
            allowed="one of them, or neither",
            next_step="leave one of them out",
        )
    source = Source.STAND_IN if stand_in else Source.REAL if real else Source.ANY
    folder = project_dir.resolve() if project_dir else find_project_dir()
    out.print(str(install(folder, source)), markup=False)
