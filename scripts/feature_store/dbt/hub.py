"""The dbt package hub: whether it can be reached, and ``dbt deps`` within a time limit."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from feature_store.errors import FeatureStoreError

#: The longest wait for the hub's first answer, in seconds.
ANSWER_LIMIT = 4.0
#: The longest run of ``dbt deps`` once the hub has answered, in seconds.
DEPS_LIMIT = 90.0


class RealPackagesUnavailableError(FeatureStoreError):
    """The real packages cannot be had; stand-ins may take their place."""


def ask_hub(package: str) -> None:
    """Ask the hub for one package; dbt itself would ask for minutes where packets are dropped.

    Raises:
        RealPackagesUnavailableError: no answer within ``ANSWER_LIMIT``, or not the right one.
    """
    import requests
    from dbt.clients.registry import DEFAULT_REGISTRY_BASE_URL  # follows DBT_PACKAGE_HUB_URL

    problem = f"the dbt package hub did not answer within {ANSWER_LIMIT:g} s"

    def ask() -> None:
        nonlocal problem
        url = f"{DEFAULT_REGISTRY_BASE_URL.rstrip('/')}/api/v1/{package}.json"
        try:
            status = requests.get(url, timeout=ANSWER_LIMIT).status_code
        except requests.RequestException:
            problem = "the dbt package hub cannot be reached"
        else:
            problem = "" if status == 200 else f"the dbt package hub answered {status}"

    # In a thread of its own, because the time that finding the host's address takes has no limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_LIMIT)
    if problem:
        raise RealPackagesUnavailableError(
            problem,
            allowed="a network that reaches the hub, or DBT_PACKAGE_HUB_URL set to a mirror of it",
            next_step="try again without --real to use the project's stand-in",
        )


def run_dbt_deps(folder: Path) -> None:
    """Run ``dbt deps`` in a folder.

    Raises:
        RealPackagesUnavailableError: it fails, or takes longer than ``DEPS_LIMIT``.
    """
    command = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "deps"]
    command += ["--project-dir", str(folder), "--log-path", str(folder / "logs")]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=DEPS_LIMIT
        )
    except subprocess.TimeoutExpired as error:
        raise RealPackagesUnavailableError(
            f"dbt deps did not end within {DEPS_LIMIT:g} s"
        ) from error
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if "rror" in line] or ["no reason given"]
        raise RealPackagesUnavailableError(f"dbt deps failed: {lines[-1].strip()}")
