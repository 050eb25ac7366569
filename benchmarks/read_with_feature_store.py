"""Read features with this project, and print how long the calls took (JSON)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from bench.measure import Stopwatch
from online_stores.measure import FEATURES, batches_of_all, read_arguments, time_reads


def main() -> None:
    """Measure reads in this process."""
    arguments = read_arguments()
    clock = Stopwatch()
    from feature_store import FeatureStore

    clock.lap("import")
    references = {name: f"{arguments.view}:{name}" for name in FEATURES}
    features = [*references.values()]
    with FeatureStore(project_dir=arguments.project) as store:

        def read(customers: list[int]) -> dict[str, list[Any]]:
            entities = [{"customer_id": customer} for customer in customers]
            return store.get_online_features(entities=entities, features=features).to_dict()

        def pieces() -> Iterator[dict[str, list[Any]]]:
            for customers in batches_of_all(arguments.rows):
                found = read(customers)
                columns = {name: found[reference] for name, reference in references.items()}
                yield {"customer_id": customers} | columns

        found = time_reads(arguments, read)
        clock.lap("work")
        if arguments.answers:
            from online_stores.answers import write_answers

            write_answers(arguments.answers, pieces())
    clock.report(reads=found, versions={"redis": version("redis")})


if __name__ == "__main__":
    main()
