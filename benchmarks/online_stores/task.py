"""The task of a contender: the features to write and read, and timed reads.

Importing it needs the standard library alone.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from harness.measurements import Stopwatch

VIEW = "customer_purchases"
#: Names of the features with their SQL types, in order.
FEATURES = {
    "orders_7d": "bigint",
    "orders_28d": "bigint",
    "orders_90d": "bigint",
    "spend_7d": "decimal(18,2)",
    "spend_28d": "decimal(18,2)",
    "spend_90d": "decimal(18,2)",
    "discount_28d": "decimal(18,2)",
    "products_28d": "bigint",
    "products_90d": "bigint",
    "stores_28d": "bigint",
    "average_order_28d": "double",
}
#: TTL of keys in seconds, where they have one: 120 days.
TTL = 120 * 86_400
#: Entities of a call when all entities are read for the comparison.
_BATCH = 1_000


def read_arguments() -> argparse.Namespace:
    """Return the arguments of a reader's command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, help="dbt project or Feast repository")
    parser.add_argument("--view", help="the view with its version, as this project names it")
    parser.add_argument("--rows", type=int, help="customers 1 to this number are in the store")
    parser.add_argument("--sizes", default="", help="calls to time, as entities:calls,…")
    parser.add_argument("--seed", type=int, default=0, help="decides which customers are read")
    parser.add_argument("--result", type=Path, help="Parquet file for the values of all customers")
    return parser.parse_args()


def run_reader(
    arguments: argparse.Namespace,
    clock: Stopwatch,
    packages: Sequence[str],
    read: Callable[[list[int]], Mapping[str, Sequence[Any]]],
    columns: Callable[[list[int]], Mapping[str, Sequence[Any]]],
) -> None:
    """Time a reader's calls, write the values of all customers if wanted, and report.

    Args:
        arguments: those of the command line.
        clock: the stopwatch of the process.
        packages: packages whose versions are reported.
        read: reads all features of customers as Python's values; this is timed.
        columns: reads the same, with ``customer_id`` and the features by their names.
    """
    sizes = [size.split(":") for size in arguments.sizes.split(",") if size]
    found = [
        _time_calls(int(entities), int(calls), arguments.rows, arguments.seed, read)
        for entities, calls in sizes
    ]
    clock.stop()
    if arguments.result:
        # A tenth of these customers do not exist.
        customers = range(1, arguments.rows + arguments.rows // 10 + 1)
        batches = (
            list(customers[first : first + _BATCH]) for first in range(0, len(customers), _BATCH)
        )
        _write_columns(arguments.result, map(columns, batches))
    clock.report(*packages, reads=found)


def _time_calls(
    entities: int, calls: int, rows: int, seed: int, read: Callable[[list[int]], object]
) -> dict[str, float]:
    """Call a reader for random customers; return the median and 99th percentile in seconds."""
    # The seed alone decides, so that every contender reads the same customers.
    draw = random.Random(f"{seed} {entities}")
    seconds = []
    for number in range(calls + calls // 10):
        customers = [draw.randint(1, rows) for _ in range(entities)]
        began = time.perf_counter()
        read(customers)
        if number >= calls // 10:  # the first calls warm up
            seconds.append(time.perf_counter() - began)
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {"p50": cuts[49], "p99": cuts[98]}


def _write_columns(path: Path, batches: Iterable[Mapping[str, Sequence[Any]]]) -> None:
    """Write columns of values; a value of another type, or with more digits, is an error."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "bigint": pa.int64(),
        "decimal(18,2)": pa.decimal128(18, 2),
        "double": pa.float64(),
    }
    schema = pa.schema([("customer_id", pa.int64()), *((n, types[t]) for n, t in FEATURES.items())])
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            columns = [pa.array(batch[field.name], field.type) for field in schema]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
