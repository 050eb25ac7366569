"""Contender that writes the rows with a pipeline of redis-py once.

This is the usual code written by hand: the same keys, fields and texts as this project's, 1,000
rows in each pipeline.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.measurements import Stopwatch
from online_stores.task import FEATURES, VIEW

BATCH = 1_000


def text_of(value: Any) -> str:
    """Return a value as text."""
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)


def main() -> None:
    """Measure one load in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ttl", type=int, default=0)
    arguments = parser.parse_args()
    clock = Stopwatch()
    import duckdb
    import redis

    clock.imported()
    client = redis.Redis(host="127.0.0.1", port=arguments.port)
    columns = ", ".join(FEATURES)
    rows = 0
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select customer_id, {columns}, feature_time from read_parquet(?)",
            [str(arguments.data)],
        )
        names = [*FEATURES, "_feature_time"]
        while batch := found.fetchmany(BATCH):
            pipeline = client.pipeline(transaction=False)
            for customer_id, *values in batch:
                key = f"fs:{{customer:{customer_id}}}:{VIEW}:v1"
                texts = {
                    name: text_of(value)
                    for name, value in zip(names, values, strict=True)
                    if value is not None
                }
                pipeline.hset(key, mapping=texts)
                if arguments.ttl:
                    pipeline.expire(key, arguments.ttl)
            pipeline.execute()
            rows += len(batch)
    clock.stop()
    clock.report("redis", "hiredis", rows=rows)


if __name__ == "__main__":
    main()
