"""The data file of an embedded server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers.embedded_redis import data_file_in


@pytest.fixture
def data_file(tmp_path: Path) -> Iterator[Path]:
    """Return the data file of a server, and see to it that none is left over it."""
    with data_file_in(tmp_path) as file:
        yield file
