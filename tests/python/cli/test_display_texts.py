"""Texts for the user: shortened texts and counted things."""

from __future__ import annotations

import pytest

from feature_store.display import counted, shortened


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("", 3, ""), ("abc", 3, "abc"), ("abcd", 3, "abc…"), ("é\nf", 2, "é\n…")],
)
def test_shortened(text: str, limit: int, expected: str) -> None:
    assert shortened(text, limit) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1000, "1,000 rows")]
)
def test_counted(number: int, expected: str) -> None:
    assert counted(number, "row") == expected
