"""The console command ``feature-store``: one verb for each thing that can be done.

The help and the version need no package but this one; a verb imports what it needs, and no more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from feature_store.errors import near_names

NAME = "feature-store"


@dataclass(frozen=True)
class Verb:
    """A verb: what it does in one line, and ``module:function``, imported when it is used."""

    summary: str
    place: str

    def load(self) -> Callable[..., None]:
        """Return the function whose parameters are the options."""
        module, function = self.place.split(":")
        return getattr(import_module(module), function)


_VERBS = "feature_store.cli.verbs"
VERBS = {
    "init": Verb("Add the feature store to a dbt project, or start one.", f"{_VERBS}.init:init"),
    "load": Verb("Load the files of the declared sources.", f"{_VERBS}.load:load_raw"),
    # A room of its own: it completes a project's files, where the others only read them.
    "build-views": Verb(
        "Complete feature views from their declarations.",
        "feature_store.authoring.command:write_views",
    ),
    "export": Verb("Export what changed to the online store.", f"{_VERBS}.export:export_to_redis"),
    "get": Verb("Print the online features of one entity.", f"{_VERBS}.get:get_features"),
    "get-at": Verb(
        "Print the features of one entity as of any time.", f"{_VERBS}.get_at:get_features_at"
    ),
    "train": Verb("Write a training set, or verify one.", f"{_VERBS}.train:build"),
    "explain": Verb("Explain one value of a feature.", f"{_VERBS}.explain:explain"),
    "refresh": Verb("Load, build, test and export what is new.", f"{_VERBS}.refresh:run_refresh"),
    "check": Verb(
        "Compare the online store with the warehouse.", f"{_VERBS}.check:check_consistency"
    ),
    "replay": Verb("Run a range of time interval by interval.", f"{_VERBS}.replay:run_replay"),
    "check-raw": Verb(
        "Check that the raw data of an interval are there.", f"{_VERBS}.check_raw:check_raw"
    ),
    "serving-time": Verb(
        "Print dbt's --vars for an interval.", f"{_VERBS}.serving_time:print_serving_time"
    ),
    "install-packages": Verb(
        "Install the dbt packages of packages.yml.",
        f"{_VERBS}.install_packages:install_dbt_packages",
    ),
}
_WRONG_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb; without one, print the verbs."""
    given = [*(sys.argv[1:] if arguments is None else arguments)]
    if not given or given[0] in ("--help", "-h", "help"):
        print(help_text())
    elif given[0] in ("--version", "-V"):
        print(f"{NAME} {_version()}")
    elif given[0] in VERBS:
        _run(given[0], given[1:])
    else:
        kind = "option" if given[0].startswith("-") else "verb"
        allowed = "--help or --version" if kind == "option" else near_names(given[0], VERBS)
        sys.stderr.write(
            f"error there is no {kind} {given[0]!r}\nAllowed: {allowed}\n"
            f"Next: {NAME} --help lists the verbs\n"
        )
        sys.exit(_WRONG_USAGE)


def help_text() -> str:
    """Return the usage, and one line for each verb."""
    width = max(map(len, VERBS))
    lines = [f"  {name:{width}}  {verb.summary}" for name, verb in VERBS.items()]
    return "\n".join(
        [
            f"Usage: {NAME} VERB [OPTIONS]",
            "",
            "A feature store that is nothing but a dbt project. Run it in the project's folder.",
            "",
            *lines,
            "",
            f"{NAME} VERB --help shows the options of a verb; {NAME} --version the version.",
        ]
    )


def _version() -> str:
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "(not installed: run from a folder)"


def _run(name: str, arguments: list[str]) -> None:
    try:
        from feature_store.cli.app import run

        command = VERBS[name].load()
    except ImportError as error:
        sys.stderr.write(
            f"error {sys.executable}: the package {error.name} is missing here or broken: "
            f"{error}\nNext: pip install --upgrade {NAME}, in this environment\n"
        )
        sys.exit(1)
    run(command, arguments, name=f"{NAME} {name}")


if __name__ == "__main__":
    main()
