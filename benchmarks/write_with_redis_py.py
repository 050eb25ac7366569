"""Write the rows with a pipeline of redis-py once, and print what it took (JSON).

What one would write by hand: the same keys, fields and texts as this project's, 1,000 rows at once.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.measure import Stopwatch, use_cores
from online_stores.measure import FEATURES, VIEW

ROWS_AT_ONCE = 1_000


def text_of(value: Any) -> str:
    """Return a value as text."""
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)


def versions() -> dict[str, str]:
    """Return what this runs on; hiredis, which reads replies faster, need not be there."""
    found = {"redis": version("redis")}
    try:
        return found | {"hiredis": version("hiredis")}
    except PackageNotFoundError:
        return found


def main() -> None:
    """Measure one load in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ttl", type=int, default=0)
    arguments = parser.parse_args()
    use_cores()
    clock = Stopwatch()
    import duckdb
    import redis

    clock.lap("import")
    client = redis.Redis(host="127.0.0.1", port=arguments.port)
    columns = ", ".join(FEATURES)
    rows = 0
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select customer_id, {columns}, feature_time from read_parquet(?)",
            [str(arguments.data)],
        )
        names = [*FEATURES, "_feature_time"]
        while batch := found.fetchmany(ROWS_AT_ONCE):
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
    clock.lap("work")
    clock.report(rows=rows, versions=versions())


if __name__ == "__main__":
    main()
