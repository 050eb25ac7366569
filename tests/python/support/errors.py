"""Assertions on the messages of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from feature_store.errors import FeatureStoreError


@contextmanager
def raises(*parts: str, kind: type[Exception] = FeatureStoreError) -> Iterator[None]:
    """Check that a ``with`` block raises an error whose message contains all the parts."""
    with pytest.raises(kind) as caught:
        yield
    for part in parts:
        assert part in str(caught.value)


def message_of(call: Callable[..., object], *arguments: Any) -> str:
    """Return the message of the ``FeatureStoreError`` that a call raises; "" if it raises none."""
    try:
        call(*arguments)
    except FeatureStoreError as error:
        return str(error)
    return ""
