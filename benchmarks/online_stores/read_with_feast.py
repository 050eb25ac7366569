"""Contender that reads features with Feast's SDK.

It runs in an environment of its own (requirements-feast.txt), without this project.
"""

from __future__ import annotations

from typing import Any

from harness.measurements import Stopwatch
from online_stores.task import FEATURES, VIEW, read_arguments, run_reader


def main() -> None:
    """Measure reads in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    from feast import FeatureStore

    clock.imported()
    store = FeatureStore(repo_path=str(arguments.project))
    features = [f"{VIEW}:{name}" for name in FEATURES]

    def read(customers: list[int]) -> dict[str, list[Any]]:
        entities = [{"customer_id": customer} for customer in customers]
        return store.get_online_features(features=features, entity_rows=entities).to_dict()

    run_reader(arguments, clock, ("feast", "redis", "hiredis"), read, read)


if __name__ == "__main__":
    main()
