"""How an export is cut and routed: slots as a Cluster computes them, pieces without a row lost."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from feature_store.online.connection.command_batch import PIECE_BYTES, Piece, pieces_of
from feature_store.online.connection.slots import key_slots

TEXTS = st.lists(st.text(max_size=40), max_size=60)


@settings(deadline=None, derandomize=True)
@given(tags=TEXTS, data=st.data())
def test_slots_are_those_of_the_library(tags: list[str], data: st.DataObject):
    first = data.draw(st.integers(0, len(tags)))
    for kind in (pa.string(), pa.large_string()):
        found = key_slots(pa.array(tags, kind).slice(first))
        assert [*found] == [key_slot(tag.encode()) for tag in tags[first:]]


def batch(commands: list[str]) -> pa.RecordBatch:
    """Return a batch as a query of commands gives it."""
    return pa.RecordBatch.from_arrays(
        [
            pa.array(commands, pa.string()),
            pa.array([len(one) % 7 + 1 for one in commands], pa.int32()),
            pa.array([f"tag {n}" for n in range(len(commands))], pa.string()),
        ],
        ["commands", "reply_lines", "hash_tags"],
    )


@pytest.mark.parametrize(
    ("rows", "size"), [(0, 0), (1, 3), (5_000, 10), (50, PIECE_BYTES // 10), (3, PIECE_BYTES + 1)]
)
def test_pieces_hold_every_row_once_and_in_order(rows: int, size: int):
    commands = [f"{n}é" + "x" * size for n in range(rows)]
    pieces = [*pieces_of(batch(commands))]
    assert b"".join(bytes(piece.data) for piece in pieces) == "".join(commands).encode()
    assert sum(len(piece) for piece in pieces) == rows
    assert sum(piece.lines for piece in pieces) == sum(len(one) % 7 + 1 for one in commands)
    largest = max((len(one.encode()) for one in commands), default=0)
    assert all(len(piece.data) <= max(PIECE_BYTES, largest) + largest for piece in pieces)
    assert len(pieces) <= max(rows, 1)


@settings(deadline=None, derandomize=True)
@given(tags=TEXTS, data=st.data())
def test_a_part_of_a_piece_is_whole(tags: list[str], data: st.DataObject):
    [*pieces] = pieces_of(batch(tags))
    for piece in pieces:
        chosen = sorted(data.draw(st.sets(st.integers(0, len(piece) - 1))))
        part = piece.take(pa.array(chosen, pa.int64()))
        assert isinstance(part, Piece)
        assert bytes(part.data) == "".join(tags[n] for n in chosen).encode()
        assert part.lines == sum(len(tags[n]) % 7 + 1 for n in chosen)
