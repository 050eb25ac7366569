"""Fixtures of the tests of exports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.servers.export_process import ExportForker, export_forker


@pytest.fixture(scope="package")
def forker() -> Iterator[ExportForker]:
    """Return the process that forks exports."""
    with export_forker() as running:
        yield running
