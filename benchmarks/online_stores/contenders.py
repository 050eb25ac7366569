"""Who writes: this project in its layouts, Feast, a pipeline of redis-py, ``redis-benchmark``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.prepare import BENCHMARKS, run_measured
from feature_store import FeatureStoreError
from online_stores.measure import TTL
from online_stores.prepare import BEFORE, VERSIONS, Dataset, warehouse
from online_stores.redis_benchmark import Load, rows_per_second
from online_stores.server import RedisServer

OURS = {"hash": "this project, hash", "packed": "this project, packed"}
FEAST = "Feast"
REDIS_PY = "redis-py pipeline"
REDIS_BENCHMARK = "redis-benchmark"
REPEATING = ", keys that repeat"


@dataclass(frozen=True)
class Run:
    """What one run measured.

    Attributes:
        rows: entities that were written.
        seconds: of the work alone, without loading libraries.
        import_bytes: most memory that the process held until the libraries were loaded.
        peak_bytes: most memory that it held at all.
        entity_bytes: what an entity takes in Redis.
        versions: of what it ran on.
    """

    rows: int
    seconds: float
    import_bytes: int
    peak_bytes: int
    entity_bytes: float
    versions: dict[str, str]


@dataclass(frozen=True)
class Contender:
    """Somebody who writes all rows of a dataset.

    Attributes:
        name: as in the report.
        run: writes them to a server, and returns what that took.
    """

    name: str
    run: Callable[[RedisServer], Run]


def _process(
    command: list[str], dataset: Dataset, environment: dict[str, str], server: RedisServer
) -> Run:
    """Run a contender's process, and check that every entity has come to the server."""
    # Feast finds the Parquet file from where it is run.
    folder = dataset.repository or dataset.folder
    found = run_measured(command, folder, environment | server.environment)
    # This project keeps a few keys more, of metadata.
    if found["rows"] != dataset.rows or not 0 <= server.keys() - dataset.rows < 10:
        raise FeatureStoreError(
            f"{' '.join(command[:2])}: {server.keys():,} keys of {dataset.rows:,} rows"
        )
    return Run(
        rows=dataset.rows,
        seconds=found["work_seconds"],
        import_bytes=found["import_bytes"],
        peak_bytes=found["work_bytes"],
        entity_bytes=server.data_bytes() / dataset.rows,
        versions=found["versions"],
    )


def ours(dataset: Dataset, layout: str, ttl: bool, environment: dict[str, str]) -> Contender:
    """Return this project's exporter."""
    command = [sys.executable, str(BENCHMARKS / "export_with_feature_store.py")]
    command += ["--project", str(dataset.project), "--view", VERSIONS[layout, ttl]]
    environment = environment | warehouse(BEFORE)
    return Contender(OURS[layout], lambda server: _process(command, dataset, environment, server))


def ours_again(dataset: Dataset, layout: str, ttl: bool, environment: dict[str, str]) -> Contender:
    """Return this project's exporter with ``--full``, over rows that it has written before."""
    first = ours(dataset, layout, ttl, environment)
    command = [sys.executable, str(BENCHMARKS / "export_with_feature_store.py"), "--full"]
    command += ["--project", str(dataset.project), "--view", VERSIONS[layout, ttl]]
    environment = environment | warehouse(BEFORE)

    def run(server: RedisServer) -> Run:
        first.run(server)
        return _process(command, dataset, environment, server)

    return Contender(f"{OURS[layout]}, --full again", run)


def feast(dataset: Dataset, ttl: bool, python: Path, environment: dict[str, str]) -> Contender:
    """Return Feast's ``materialize``."""
    command = [str(python), str(BENCHMARKS / "materialize_with_feast.py")]
    command += ["--project", str(dataset.repository), "--rows", str(dataset.rows)]
    environment = environment | {"BENCH_TTL": str(TTL if ttl else 0)}
    return Contender(FEAST, lambda server: _process(command, dataset, environment, server))


def redis_py(dataset: Dataset, ttl: bool, python: Path, environment: dict[str, str]) -> Contender:
    """Return a pipeline of redis-py."""
    command = [str(python), str(BENCHMARKS / "write_with_redis_py.py")]
    command += ["--data", str(dataset.data), "--ttl", str(TTL if ttl else 0), "--port"]
    return Contender(
        REDIS_PY,
        lambda server: _process([*command, str(server.port)], dataset, environment, server),
    )


def redis_benchmark(
    dataset: Dataset, program: Path, load: Load, *, repeating: bool = False
) -> Contender:
    """Return ``redis-benchmark``; nothing but its speed means anything."""

    def run(server: RedisServer) -> Run:
        speed = rows_per_second(program, server.port, dataset.rows, load, repeating=repeating)
        return Run(dataset.rows, dataset.rows / speed, 0, 0, 0, {})

    return Contender(f"{REDIS_BENCHMARK} {load}{REPEATING if repeating else ''}", run)
