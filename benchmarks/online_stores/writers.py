"""Contenders that write a dataset to Redis: this project, Feast, redis-py, ``redis-benchmark``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from feature_store import FeatureStoreError
from harness.contenders import Contender, Run
from harness.processes import module_command, run_contender
from online_stores.cases import FEAST, OURS, REDIS_BENCHMARK, REDIS_PY, REPEATING
from online_stores.datasets import BEFORE, VERSIONS, Dataset, warehouse
from online_stores.redis_benchmark import Load, rows_per_second
from online_stores.server import RedisServer, redis_server
from online_stores.task import TTL


@dataclass(frozen=True)
class Writer:
    """A program that writes all rows of a dataset.

    Attributes:
        name: its name in the report.
        write: writes the rows to a server, and returns the measurements.
    """

    name: str
    write: Callable[[RedisServer], Run]

    def contender(self, folder: Path) -> Contender:
        """Return the contender that writes to a new server, which works in a folder."""

        def run() -> Run:
            with redis_server(folder) as server:
                return self.write(server)

        return Contender(self.name, run)


def _write(
    command: list[str], dataset: Dataset, environment: Mapping[str, str], server: RedisServer
) -> Run:
    """Run a contender's process, and check that the server has a key of every entity."""
    # Feast resolves the path of the Parquet file from its working folder.
    folder = dataset.repository or dataset.folder
    found = run_contender(command, folder, {**environment, **server.environment})
    # This project writes a few more keys, of metadata.
    keys = server.client.dbsize()
    if found["rows"] != dataset.rows or not 0 <= keys - dataset.rows < 10:
        raise FeatureStoreError(f"{' '.join(command[:4])}: {keys:,} keys of {dataset.rows:,} rows")
    return Run(**found, entity_bytes=server.data_bytes() / dataset.rows)


def feature_store_writer(
    dataset: Dataset, layout: str, ttl: bool, environment: dict[str, str], *, again: bool = False
) -> Writer:
    """Return this project's export; with ``again``, one with ``--full`` over rows that exist."""
    module = "online_stores.export_with_feature_store"
    options = ("--project", dataset.project, "--view", VERSIONS[layout, ttl])
    first = module_command(sys.executable, module, *options)
    environment = environment | warehouse(BEFORE)

    def write(server: RedisServer) -> Run:
        run = _write(first, dataset, environment, server)
        return _write([*first, "--full"], dataset, environment, server) if again else run

    return Writer(OURS[layout] + ", --full again" * again, write)


def feast_writer(dataset: Dataset, ttl: bool, python: Path, environment: dict[str, str]) -> Writer:
    """Return Feast's ``materialize``."""
    module = "online_stores.materialize_with_feast"
    options = ("--project", dataset.repository, "--rows", dataset.rows)
    command = module_command(python, module, *options)
    environment = environment | {"BENCH_TTL": str(TTL if ttl else 0)}
    return Writer(FEAST, lambda server: _write(command, dataset, environment, server))


def redis_py_writer(dataset: Dataset, ttl: bool, environment: dict[str, str]) -> Writer:
    """Return a pipeline of redis-py."""
    module = "online_stores.write_with_redis_py"
    options = ("--data", dataset.data, "--ttl", TTL if ttl else 0, "--port")
    command = module_command(sys.executable, module, *options)
    return Writer(
        REDIS_PY,
        lambda server: _write([*command, str(server.port)], dataset, environment, server),
    )


def redis_benchmark_writer(
    dataset: Dataset, program: Path, load: Load, *, repeating: bool = False
) -> Writer:
    """Return ``redis-benchmark``, of which only the speed is measured."""

    def write(server: RedisServer) -> Run:
        speed = rows_per_second(program, server.port, dataset.rows, load, repeating=repeating)
        return Run(dataset.rows / speed, rows=dataset.rows)

    return Writer(f"{REDIS_BENCHMARK} {load}{REPEATING * repeating}", write)
