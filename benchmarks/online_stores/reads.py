"""Reads by all contenders from one server, in turn; and whether they read the same values."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.prepare import BENCHMARKS, run_measured
from bench.work import work_database
from feature_store.warehouse.sql import literal
from online_stores.contenders import FEAST, OURS, Contender
from online_stores.measure import FEATURES, Size
from online_stores.prepare import BEFORE, VERSIONS, Dataset, warehouse
from online_stores.server import RedisServer, redis_server


@dataclass(frozen=True)
class Reader:
    """Somebody who reads: a name, a command and its environment."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True)
class Latency:
    """Seconds of a call, medians over the runs of its median and of its 99th percentile."""

    contender: str
    entities: int
    p50: float
    p99: float
    runs: int


@dataclass(frozen=True)
class Answers:
    """How what was read of all entities differs from the rows that were written.

    Attributes:
        contender: who read.
        data: which rows, in words.
        entities: how many were asked for, some of them in no store.
        values: how many values that makes.
        differing: by feature, entities whose value is another one; those that differ only.
    """

    contender: str
    data: str
    entities: int
    values: int
    differing: dict[str, int]

    def __str__(self) -> str:
        wrong = ", ".join(f"{name} {count:,}" for name, count in self.differing.items())
        return (
            f"{self.contender}, {self.data}: {self.entities:,} entities, {self.values:,} values, "
            f"{wrong or 'none'} differing"
        )


def readers_of(
    dataset: Dataset, feast_python: Path | None, environment: dict[str, str]
) -> list[Reader]:
    """Return who reads a dataset's rows: both layouts, and Feast."""
    script = str(BENCHMARKS / "read_with_feature_store.py")
    rows = ("--rows", str(dataset.rows))
    found = []
    for layout, name in OURS.items():
        command = (sys.executable, script, "--project", str(dataset.project), *rows)
        command += ("--view", VERSIONS[layout, True])
        found.append(Reader(name, command, environment | warehouse(BEFORE)))
    if feast_python:
        script = str(BENCHMARKS / "read_with_feast.py")
        command = (str(feast_python), script, "--project", str(dataset.repository), *rows)
        found.append(Reader(FEAST, command, environment | {"BENCH_TTL": "0"}))
    return found


def run_reads(
    dataset: Dataset,
    writers: list[Contender],
    readers: list[Reader],
    sizes: tuple[Size, ...],
    repeats: int,
    tell: Callable[[str], None],
) -> tuple[list[Latency], list[Answers]]:
    """Let every writer fill a server of its own; then time the readers, and compare values.

    Args:
        dataset: the rows.
        writers: who fills the servers, one for each reader, in the same order.
        readers: who reads.
        sizes: the calls; none, to compare values only.
        repeats: processes of each reader.
        tell: takes one line about each step.
    """
    with ExitStack() as stack:
        servers: list[RedisServer] = []
        for writer in writers:
            servers.append(stack.enter_context(redis_server(dataset.folder)))
            writer.run(servers[-1])
        racing = list(zip(readers, servers, strict=True))
        found: dict[str, list[list[dict[str, float]]]] = {reader.name: [] for reader in readers}
        for number in range(repeats if sizes else 0):
            for reader, server in racing if number % 2 == 0 else racing[::-1]:
                asked = ",".join(f"{size.entities}:{size.calls}" for size in sizes)
                options = ("--sizes", asked, "--seed", str(number))
                found[reader.name].append(_read(reader, server, dataset, options)["reads"])
                shown = ", ".join(f"{one['p50'] * 1e3:.2f}" for one in found[reader.name][-1])
                tell(f"  {reader.name}: {shown} ms")
        latencies = [
            Latency(
                name,
                size.entities,
                median(run[at]["p50"] for run in runs),
                median(run[at]["p99"] for run in runs),
                len(runs),
            )
            for at, size in enumerate(sizes)
            for name, runs in found.items()
        ]
        answers = []
        for reader, server in racing:
            path = dataset.folder / "answers.parquet"
            _read(reader, server, dataset, ("--answers", str(path)))
            answers.append(compare(reader.name, dataset, path))
            tell(f"  {answers[-1]}")
    return latencies, answers


def _read(
    reader: Reader, server: RedisServer, dataset: Dataset, options: tuple[str, ...]
) -> dict[str, list[dict[str, float]]]:
    environment = reader.environment | server.environment
    return run_measured([*reader.command, *options], dataset.folder, environment)


def compare(contender: str, dataset: Dataset, answers: Path) -> Answers:
    """Compare answers, of entities in the store and not, with the rows that were written."""
    with work_database(dataset.folder) as connection:
        connection.execute("set timezone = 'UTC'")
        differing = ", ".join(
            f"count(*) filter (cast(found.{name} as {kind}) is distinct from wanted.{name})"
            for name, kind in FEATURES.items()
        )
        # An entity of no store has no row in the data: every value of it must be null.
        [(entities, missing, *counts)] = connection.execute(
            f"select count(found.customer_id), count(*) - count(found.customer_id), {differing} "
            f"from read_parquet({literal(str(answers))}) as found "
            f"full join read_parquet({literal(str(dataset.data))}) as wanted "
            "on found.customer_id = wanted.customer_id"
        ).fetchall()
    wrong = {name: count for name, count in zip(FEATURES, counts, strict=True) if count}
    if missing:
        wrong["entities without an answer"] = missing
    data = "with nulls" if dataset.nulls else "no nulls"
    return Answers(contender, data, entities, entities * len(FEATURES), wrong)
