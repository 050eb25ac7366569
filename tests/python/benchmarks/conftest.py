"""The modules of ``benchmarks/`` can be imported by its tests, and by processes they start."""

from __future__ import annotations

import pytest

from support.paths import BENCHMARKS


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put ``benchmarks/`` on the search path of modules, as its scripts do."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARKS))
