"""Contender that reads features with this project."""

from __future__ import annotations

from typing import Any

from harness.measurements import Stopwatch
from online_stores.task import FEATURES, read_arguments, run_reader


def main() -> None:
    """Measure reads in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    from feature_store import FeatureStore

    clock.imported()
    references = {name: f"{arguments.view}:{name}" for name in FEATURES}
    features = [*references.values()]
    with FeatureStore(project_dir=arguments.project) as store:

        def read(customers: list[int]) -> dict[str, list[Any]]:
            entities = [{"customer_id": customer} for customer in customers]
            return store.get_online_features(entities=entities, features=features).to_dict()

        def columns(customers: list[int]) -> dict[str, list[Any]]:
            found = read(customers)
            named = {name: found[reference] for name, reference in references.items()}
            return {"customer_id": customers} | named

        run_reader(arguments, clock, ("redis",), read, columns)


if __name__ == "__main__":
    main()
