"""Replay a range of time interval by interval; show how served values differ from today's."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from feature_store.cli.app import run
from feature_store.cli.verbs.replay import run_replay

if __name__ == "__main__":
    run(run_replay)
