"""Fixtures of the tests of the online store."""

from __future__ import annotations

import pytest

from feature_store.online.connection import reply_parser
from support.projects.every_type import EVERYTHING
from support.projects.things_store import THINGS
from support.projects.tiny_store import TinyStore


@pytest.fixture(params=["hiredis", "redis-py"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one of the two parsers read the replies."""
    if request.param == "hiredis":
        pytest.importorskip("hiredis")
    else:
        monkeypatch.setattr(reply_parser, "hiredis", None)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> TinyStore:
    """Return a project of things without rows, which the module's tests share."""
    return TinyStore(tmp_path_factory.mktemp("things"), [THINGS])


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> TinyStore:
    """Return a project whose one view has every type that random rows are made of."""
    return TinyStore(tmp_path_factory.mktemp("everything"), [EVERYTHING])
