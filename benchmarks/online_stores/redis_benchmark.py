"""Speed of ``redis-benchmark``, the limit: the same HSET repeated by a program in C."""

from __future__ import annotations

import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

from feature_store import FeatureStoreError
from online_stores.task import VIEW

#: A typical row of the generated ones.
_VALUES = {
    "orders_7d": "1",
    "orders_28d": "3",
    "orders_90d": "10",
    "spend_7d": "28.83",
    "spend_28d": "85.34",
    "spend_90d": "284.61",
    "discount_28d": "10.23",
    "products_28d": "24",
    "products_90d": "78",
    "stores_28d": "2",
    "average_order_28d": "28.446666666666665",
    "_feature_time": "2024-01-18T00:00:00Z",
}


@dataclass(frozen=True)
class Load:
    """Number of connections, and of commands that each sends in one pipeline."""

    connections: int
    pipelined: int

    def __str__(self) -> str:
        return f"-c {self.connections} -P {self.pipelined}"


ONE_CONNECTION = Load(1, 200)
#: Random keys out of this many hardly ever repeat.
_MANY_KEYS = 2_000_000_000
#: The loads among which the fastest one is chosen.
LOADS = (ONE_CONNECTION, Load(2, 200), Load(4, 200), Load(10, 100), Load(20, 100), Load(20, 200))


def rows_per_second(
    program: Path, port: int, rows: int, load: Load, *, repeating: bool = False
) -> float:
    """Set as many hashes of all fields as there are rows, and return the rows per second.

    Args:
        program: ``redis-benchmark``.
        port: of the server, on loopback.
        rows: number of commands.
        load: connections and commands of a pipeline.
        repeating: whether customers are drawn out of as many as there are rows: then more than a
            third of the commands set a key that exists, which is less work than an export's.

    Raises:
        FeatureStoreError: the program failed.
    """
    # Its random numbers have twelve digits, so these keys are a little longer than real ones.
    key = f"fs:{{customer:__rand_int__}}:{VIEW}:v1"
    pairs = [text for pair in _VALUES.items() for text in pair]
    command = [str(program), "-p", str(port), "-n", str(rows), "-r"]
    command.append(str(rows if repeating else _MANY_KEYS))
    command += ["-c", str(load.connections), "-P", str(load.pipelined), "--csv"]
    done = subprocess.run(
        [*command, "hset", key, *pairs], capture_output=True, text=True, check=False
    )
    lines = list(csv.reader(done.stdout.splitlines()))
    if done.returncode != 0 or len(lines) != 2:
        raise FeatureStoreError(
            f"redis-benchmark failed: {(done.stdout + done.stderr).strip()}",
            next_step="run again with --no-redis-benchmark to leave it out",
        )
    return float(lines[1][1])
