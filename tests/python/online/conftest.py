"""Fixtures of the tests of the online store."""

from __future__ import annotations

import pytest

from feature_store.online.connection import round_trip


@pytest.fixture(params=["hiredis", "redis-py"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one of the two parsers read the replies."""
    if request.param == "hiredis":
        pytest.importorskip("hiredis")
    else:
        monkeypatch.setattr(round_trip, "hiredis", None)
