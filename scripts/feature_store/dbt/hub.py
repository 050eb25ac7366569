"""Checks that the dbt package hub can be reached, and runs ``dbt deps`` within a time limit."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from feature_store.errors import FeatureStoreError

#: Seconds to wait for the hub's first reply.
HUB_TIMEOUT = 4.0
#: Seconds to wait for ``dbt deps`` once the hub has replied.
DEPS_TIMEOUT = 90.0


class RealPackagesUnavailableError(FeatureStoreError):
    """The real packages are not available; stand-ins may take their place."""


def check_hub(package: str) -> None:
    """Check that the hub has a package. dbt itself would retry for minutes where packets are lost.

    Raises:
        RealPackagesUnavailableError: no reply within ``HUB_TIMEOUT``, or an error.
    """
    import requests
    from dbt.clients.registry import DEFAULT_REGISTRY_BASE_URL  # follows DBT_PACKAGE_HUB_URL

    problem = f"the dbt package hub did not answer within {HUB_TIMEOUT:g} s"

    def request() -> None:
        nonlocal problem
        url = f"{DEFAULT_REGISTRY_BASE_URL.rstrip('/')}/api/v1/{package}.json"
        try:
            status = requests.get(url, timeout=HUB_TIMEOUT).status_code
        except requests.RequestException:
            problem = "the dbt package hub cannot be reached"
        else:
            problem = "" if status == 200 else f"the dbt package hub answered {status}"

    # In a thread of its own, because looking up the host's address has no time limit.
    thread = threading.Thread(target=request, daemon=True)
    thread.start()
    thread.join(HUB_TIMEOUT)
    if problem:
        raise RealPackagesUnavailableError(
            problem,
            allowed="a network that reaches the hub, or DBT_PACKAGE_HUB_URL set to a mirror of it",
            next_step="try again without --real to use the project's stand-in",
        )


def run_dbt_deps(folder: Path) -> None:
    """Run ``dbt deps`` in a folder.

    Raises:
        RealPackagesUnavailableError: it fails, or takes longer than ``DEPS_TIMEOUT``.
    """
    command = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "deps"]
    command += ["--project-dir", str(folder), "--log-path", str(folder / "logs")]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=DEPS_TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise RealPackagesUnavailableError(
            f"dbt deps did not end within {DEPS_TIMEOUT:g} s"
        ) from error
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if "rror" in line] or ["no reason given"]
        raise RealPackagesUnavailableError(f"dbt deps failed: {lines[-1].strip()}")
