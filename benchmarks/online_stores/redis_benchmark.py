"""``redis-benchmark``, the limit: the same HSET again and again, from a program in C."""

from __future__ import annotations

import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

from feature_store import FeatureStoreError
from online_stores.measure import VIEW

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
    """How many connections send, and how many commands each at once."""

    connections: int
    pipelined: int

    def __str__(self) -> str:
        return f"-c {self.connections} -P {self.pipelined}"


ONE_CONNECTION = Load(1, 200)
#: Random keys out of so many hardly ever repeat.
_MANY_KEYS = 2_000_000_000
#: What is tried to find the best.
LOADS = (ONE_CONNECTION, Load(2, 200), Load(4, 200), Load(10, 100), Load(20, 100), Load(20, 200))


def rows_per_second(
    program: Path, port: int, rows: int, load: Load, *, repeating: bool = False
) -> float:
    """Set as many hashes of all fields as there are rows, of random customers.

    Args:
        program: ``redis-benchmark``.
        port: of the server, on loopback.
        rows: commands to send.
        load: how they are sent.
        repeating: whether customers are drawn out of as many as there are rows: then more than a
            third of the commands set what is there already, which is less work than an export's.

    Raises:
        FeatureStoreError: the program failed.
    """
    # Its random numbers have twelve digits: the keys are some longer than those of customers.
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
        raise FeatureStoreError(f"redis-benchmark failed: {(done.stdout + done.stderr).strip()}")
    return float(lines[1][1])
