"""Contender that exports a view with this project once."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.measurements import Stopwatch


def main() -> None:
    """Measure one export in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--view", required=True)
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    clock = Stopwatch()
    import duckdb  # noqa: F401 - would be imported on first use otherwise
    import pyarrow  # noqa: F401

    from feature_store.online.export.options import ExportOptions
    from feature_store.online.export.run import export_features
    from feature_store.settings import load_settings

    clock.imported()
    settings = load_settings(project_dir=arguments.project)
    # All of the export is measured, from opening the warehouse to the metadata, except for reading
    # back a sample, which no other contender does.
    options = ExportOptions(views=(arguments.view,), full=arguments.full, sample=0)
    [done] = export_features(settings, options)
    clock.stop()
    clock.report("duckdb", "redis", rows=done.rows)


if __name__ == "__main__":
    main()
