"""Contenders that read features from Redis: their latency, and the values that they read."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from harness.command import Session
from harness.processes import module_command, run_contender
from harness.work_database import parquet, work_database
from online_stores.cases import FEAST, OURS
from online_stores.datasets import BEFORE, VERSIONS, Dataset, warehouse
from online_stores.server import RedisServer, redis_server
from online_stores.task import FEATURES
from online_stores.writers import Writer, feast_writer, feature_store_writer


@dataclass(frozen=True)
class Reader:
    """A program that reads, and the writer that fills its server."""

    name: str
    command: list[str]
    environment: dict[str, str]
    writer: Writer

    def read(self, server: RedisServer, folder: Path, *options: str) -> dict[str, Any]:
        """Run the program and return its measurements."""
        environment = self.environment | server.environment
        return run_contender([*self.command, *options], folder, environment)


@dataclass(frozen=True)
class Latency:
    """Seconds of a call: the median over the runs of its median and of its 99th percentile."""

    contender: str
    entities: int
    p50: float
    p99: float
    runs: int


@dataclass(frozen=True)
class ReadComparison:
    """Differences between the values that were read of all entities and the rows written.

    Attributes:
        contender: the reader.
        data: which rows, in words.
        entities: number of entities that were requested; some are in no store.
        differing: number of entities whose value differs, by feature; features without any are
            left out.
    """

    contender: str
    data: str
    entities: int
    differing: dict[str, int]

    def __str__(self) -> str:
        wrong = ", ".join(f"{name} {count:,}" for name, count in self.differing.items())
        return (
            f"{self.contender}, {self.data}: {self.entities:,} entities, "
            f"{self.entities * len(FEATURES):,} values, {wrong or 'none'} differing"
        )


def readers_of(dataset: Dataset, feast_python: Path | None, session: Session) -> list[Reader]:
    """Return the readers of a dataset's rows: this project in both layouts, and Feast."""
    rows = ("--rows", dataset.rows)
    found = []
    for layout, name in OURS.items():
        options = ("--project", dataset.project, *rows, "--view", VERSIONS[layout, True])
        command = module_command(sys.executable, "online_stores.read_with_feature_store", *options)
        writer = feature_store_writer(dataset, layout, True, session.environment)
        found.append(Reader(name, command, session.environment | warehouse(BEFORE), writer))
    if feast_python:
        options = ("--project", dataset.repository, *rows)
        command = module_command(feast_python, "online_stores.read_with_feast", *options)
        writer = feast_writer(dataset, True, feast_python, session.environment)
        found.append(Reader(FEAST, command, session.environment | {"BENCH_TTL": "0"}, writer))
    return found


def measure_reads(
    session: Session, dataset: Dataset, readers: Sequence[Reader], sizes: Mapping[int, int]
) -> tuple[list[Latency], list[ReadComparison]]:
    """Fill a server for every reader, time the readers in turn, and compare the values.

    Args:
        session: the conditions of the run.
        dataset: the rows.
        readers: the readers.
        sizes: entities of a call, with the number of calls; empty to compare values only.
    """
    wanted = ",".join(f"{entities}:{calls}" for entities, calls in sizes.items())
    folder = dataset.folder
    with ExitStack() as stack:
        pairs: list[tuple[Reader, RedisServer]] = []
        for reader in readers:
            pairs.append((reader, stack.enter_context(redis_server(folder))))
            reader.writer.write(pairs[-1][1])
        found: dict[str, list[list[dict[str, float]]]] = {reader.name: [] for reader in readers}
        for number in range(session.repeats if sizes else 0):
            for reader, server in pairs if number % 2 == 0 else pairs[::-1]:
                options = ("--sizes", wanted, "--seed", str(number))
                found[reader.name].append(reader.read(server, folder, *options)["reads"])
                shown = ", ".join(f"{one['p50'] * 1e3:.2f}" for one in found[reader.name][-1])
                session.tell(f"  {reader.name}: {shown} ms")
        comparisons = []
        for reader, server in pairs:
            result = folder / "read.parquet"
            reader.read(server, folder, "--result", str(result))
            comparisons.append(compare(reader.name, dataset, result))
            session.tell(f"  {comparisons[-1]}")
    latencies = [
        Latency(
            name,
            entities,
            median(run[at]["p50"] for run in runs),
            median(run[at]["p99"] for run in runs),
            len(runs),
        )
        for at, entities in enumerate(sizes)
        for name, runs in found.items()
    ]
    return latencies, comparisons


def compare(contender: str, dataset: Dataset, result: Path) -> ReadComparison:
    """Compare the values that a reader read with the rows that were written."""
    differing = ", ".join(
        f"count(*) filter (cast(found.{name} as {kind}) is distinct from wanted.{name})"
        for name, kind in FEATURES.items()
    )
    with work_database(dataset.folder) as connection:
        # An entity that is in no store has no row in the data: its values must be null.
        [(entities, missing, *counts)] = connection.execute(
            f"select count(found.customer_id), count(*) - count(found.customer_id), {differing} "
            f"from {parquet(result)} as found full join {parquet(dataset.data)} as wanted "
            "on found.customer_id = wanted.customer_id"
        ).fetchall()
    wrong = {name: count for name, count in zip(FEATURES, counts, strict=True) if count}
    if missing:
        wrong["entities without a result"] = missing
    data = "with nulls" if dataset.nulls else "no nulls"
    return ReadComparison(contender, data, entities, wrong)
