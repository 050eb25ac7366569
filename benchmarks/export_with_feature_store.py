"""Export a view with this project once, and print what it took (JSON)."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

from bench.measure import Stopwatch, use_cores


def main() -> None:
    """Measure one export in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--view", required=True)
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    use_cores()
    clock = Stopwatch()
    import duckdb  # noqa: F401 - loaded on first use otherwise
    import pyarrow  # noqa: F401

    from feature_store.online.export.options import ExportOptions
    from feature_store.online.export.run import export_features
    from feature_store.settings import load_settings

    clock.lap("import")
    settings = load_settings(project_dir=arguments.project)
    # From opening the warehouse and the connection to the metadata, the checks of the build too;
    # reading back a sample, which no contender does, is left out.
    options = ExportOptions(views=(arguments.view,), full=arguments.full, sample=0)
    [done] = export_features(settings, options)
    clock.lap("work")
    names = ("duckdb", "redis")
    clock.report(rows=done.rows, versions={name: version(name) for name in names})


if __name__ == "__main__":
    main()
