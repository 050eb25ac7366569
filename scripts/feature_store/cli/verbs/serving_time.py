"""Print the time as of which to serve an interval."""

import json
from typing import Annotated

import typer

from feature_store.dbt.project import DbtProject
from feature_store.pipeline.time_of_run import time_of_run
from feature_store.settings import load_settings
from feature_store.times import read_time


def print_serving_time(
    end: Annotated[str, typer.Option(help="End of the interval, exclusive (UTC).")],
    target: Annotated[str | None, typer.Option(help="A target of profiles.yml.")] = None,
) -> None:
    """Print the --vars with which dbt builds the changes of an interval, as refresh does.

    ``as_of`` is the interval's end or, if features of a later time are served already, that time;
    null: each feature view is served as of the end of its data.
    """
    settings = load_settings(target)
    if not (settings.target_path / "manifest.json").exists():
        DbtProject(settings, target).parse()
    as_of = time_of_run(settings, read_time("--end", end).replace(tzinfo=None))
    print(json.dumps({"as_of": as_of.isoformat(" ") if as_of else None}))
