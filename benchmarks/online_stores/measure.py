"""What a contender is asked for, and what it writes and reads. Standard library only."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench.measure import use_cores

VIEW = "customer_purchases"
#: Names with their SQL types, in order.
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
#: Seconds that keys live, where they do not live forever: 120 days.
TTL = 120 * 86_400
#: Entities asked for at once, when all are read to be compared.
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Size:
    """How many entities a call asks for, and how often it is made."""

    entities: int
    calls: int


@dataclass(frozen=True)
class ReadArguments:
    """What a reader is asked for.

    Attributes:
        project: the folder of the dbt project or of the Feast repository.
        view: the view with its version, as this project names it.
        rows: customers 1 to ``rows`` are in the store.
        sizes: the calls to be timed.
        seed: of the customers that are asked for.
        answers: where to write what is read of all customers, and of some that are in no store.
    """

    project: Path
    view: str
    rows: int
    sizes: tuple[Size, ...]
    seed: int
    answers: Path | None


def read_arguments() -> ReadArguments:
    """Read a reader's command line, and keep this process to its cores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--view", default=VIEW)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--sizes", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--answers", type=Path)
    found = parser.parse_args()
    use_cores()
    sizes = (size.split(":") for size in found.sizes.split(",") if size)
    return ReadArguments(
        found.project,
        found.view,
        found.rows,
        tuple(Size(int(entities), int(calls)) for entities, calls in sizes),
        found.seed,
        found.answers,
    )


def time_reads(
    arguments: ReadArguments, read: Callable[[list[int]], object]
) -> list[dict[str, float]]:
    """Call a reader again and again for random customers, and return the quantiles of each size.

    Args:
        arguments: how many customers and calls.
        read: reads all features of customers, and returns them as Python's values.
    """
    found = []
    for size in arguments.sizes:
        # The same customers for every contender: the seed alone decides.
        draw = random.Random(f"{arguments.seed} {size.entities}")
        seconds = []
        for number in range(size.calls + size.calls // 10):
            customers = [draw.randint(1, arguments.rows) for _ in range(size.entities)]
            began = time.perf_counter()
            read(customers)
            if number >= size.calls // 10:  # the first ones warm up
                seconds.append(time.perf_counter() - began)
        cuts = quantiles(seconds, n=100, method="inclusive")
        found.append({"entities": size.entities, "p50": cuts[49], "p99": cuts[98]})
    return found


def batches_of_all(rows: int) -> Iterator[list[int]]:
    """Return all customers in pieces, and a tenth as many that do not exist."""
    for first in range(1, rows + rows // 10 + 1, _AT_ONCE):
        yield list(range(first, min(first + _AT_ONCE, rows + rows // 10 + 1)))
