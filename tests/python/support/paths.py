"""The folders of the repository."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
TESTS = REPOSITORY / "tests" / "python"
SCRIPTS = REPOSITORY / "scripts"
BENCHMARKS = REPOSITORY / "benchmarks"
