"""Read features with Feast's SDK, and print how long the calls took (JSON).

Runs in an environment of its own (requirements-feast.txt), in which this project is not installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from bench.measure import Stopwatch
from online_stores.measure import FEATURES, VIEW, batches_of_all, read_arguments, time_reads


def main() -> None:
    """Measure reads in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    from feast import FeatureStore

    clock.lap("import")
    store = FeatureStore(repo_path=str(arguments.project))
    features = [f"{VIEW}:{name}" for name in FEATURES]

    def read(customers: list[int]) -> dict[str, list[Any]]:
        entities = [{"customer_id": customer} for customer in customers]
        return store.get_online_features(features=features, entity_rows=entities).to_dict()

    def pieces() -> Iterator[dict[str, list[Any]]]:
        for customers in batches_of_all(arguments.rows):
            yield read(customers)

    found = time_reads(arguments, read)
    clock.lap("work")
    if arguments.answers:
        from online_stores.answers import write_answers

        write_answers(arguments.answers, pieces())
    names = ("feast", "redis", "hiredis")
    clock.report(reads=found, versions={name: version(name) for name in names})


if __name__ == "__main__":
    main()
