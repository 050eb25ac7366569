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
    "orders_7d": "2",
    "orders_28d": "4",
    "orders_90d": "12",
    "spend_7d": "83.22",
    "spend_28d": "166.81",
    "spend_90d": "499.93",
    "items_28d": "36",
    "discount_28d": "10.23",
    "average_order_28d": "41.70250000000001",
    "favourite_department": "department 13",
    "last_order_at": "2024-01-18T09:46:31Z",
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
#: What is tried to find the best.
LOADS = (ONE_CONNECTION, Load(2, 200), Load(4, 200), Load(10, 100), Load(20, 100), Load(20, 200))


def rows_per_second(program: Path, port: int, rows: int, load: Load) -> float:
    """Set as many hashes of all fields as there are rows, of random customers.

    Raises:
        FeatureStoreError: the program failed.
    """
    # Its random numbers have twelve digits: the keys are some longer than those of customers.
    key = f"fs:{{customer:__rand_int__}}:{VIEW}:v1"
    pairs = [text for pair in _VALUES.items() for text in pair]
    command = [str(program), "-p", str(port), "-n", str(rows), "-r", str(rows)]
    command += ["-c", str(load.connections), "-P", str(load.pipelined), "--csv"]
    done = subprocess.run(
        [*command, "hset", key, *pairs], capture_output=True, text=True, check=False
    )
    lines = list(csv.reader(done.stdout.splitlines()))
    if done.returncode != 0 or len(lines) != 2:
        raise FeatureStoreError(f"redis-benchmark failed: {(done.stdout + done.stderr).strip()}")
    return float(lines[1][1])
