"""Tables and texts for a terminal: no value is split at any width."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from feature_store.display import counted, print_columns, print_table, shortened, shown

pytestmark = pytest.mark.unit

HEADER = ["feature", "value", "feature time (UTC)"]
ROWS = [
    ["customer_profile:household_composition", "2 Adults No Kids", "1970-01-01 00:00"],
    ["customer_purchases:spend_28d", "5391.210", "2018-01-02 00:00"],
]


def printed(width: int | None, monkeypatch: pytest.MonkeyPatch, **options: object) -> list[str]:
    """Return the lines of the table, for a terminal of a width or, for None, a pipe."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if width:
        monkeypatch.setenv("COLUMNS", str(width))
    file = io.StringIO()
    console = Console(file=file, soft_wrap=True, highlight=False)
    print_table(console, "title", HEADER, ROWS, **options)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [None, 200, 85, 80, 60, 40, 10])
def test_no_value_is_cut_at_any_width(width: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(width, monkeypatch)
    for row in ROWS:
        for cell in row:
            assert any(cell in line for line in lines), (cell, lines)
    if width and width >= 42:
        assert max(map(cell_len, lines)) <= width


def test_a_pipe_and_a_wide_terminal_get_the_same_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(None, monkeypatch) == printed(200, monkeypatch)
    assert "┃ feature" in printed(200, monkeypatch)[2]
    assert printed(80, monkeypatch)[1].split() == ["feature", "value", "feature", "time", "(UTC)"]
    assert printed(40, monkeypatch)[1:3] == [
        "customer_profile:household_composition",
        "  value               2 Adults No Kids",
    ]


_CELLS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30)


@given(
    st.lists(st.lists(_CELLS, min_size=4, max_size=4), min_size=1, max_size=4), st.integers(5, 99)
)
def test_no_cell_is_lost_or_split(rows: list[list[str]], width: int) -> None:
    file = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        print_columns(Console(file=file, soft_wrap=True, highlight=False), list("abcd"), rows)
    for row in rows:
        assert all(cell.rstrip() in file.getvalue() for cell in row)


def test_columns_that_are_left_out_are_counted_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "34")
    file = io.StringIO()
    console = Console(file=file, soft_wrap=True, highlight=False)
    names = ["household_id", "basket_id", "quantity", "row"]
    print_columns(console, names, [["1029", "33252150558", "3", "7"]], keep=["row"])
    header, row, said = file.getvalue().splitlines()
    assert (header.split(), row.split()) == (
        [names[0], names[1], "row"],
        ["1029", "33252150558", "7"],
    )
    assert said.strip() == "1 column left out, for a wider terminal: quantity"


@pytest.mark.parametrize(
    ("value", "text"),
    [("a\nb", r"a\nb"), ("\x1b[2J", r"\x1b[2J"), ("a  b", "a  b"), (None, "null")],
)
def test_control_characters_are_escaped(value: str | None, text: str) -> None:
    assert shown(value) == text


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
