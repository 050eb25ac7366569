"""Tests of the batches of an export: their slots in a Cluster, and every row in one batch."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from feature_store.online.connection.command_batch import BATCH_BYTES, CommandBatch, command_batches
from feature_store.online.connection.topology import key_slots

pytestmark = pytest.mark.unit

TEXTS = st.lists(st.text(max_size=40), max_size=60)


@settings(deadline=None, derandomize=True)
@given(tags=TEXTS, data=st.data())
def test_slots_are_those_of_the_library(tags: list[str], data: st.DataObject):
    first = data.draw(st.integers(0, len(tags)))
    for kind in (pa.string(), pa.large_string()):
        found = key_slots(pa.array(tags, kind).slice(first))
        assert [*found] == [key_slot(tag.encode()) for tag in tags[first:]]


def records(commands: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array(commands, pa.string()),
            pa.array([len(one) % 7 + 1 for one in commands], pa.int32()),
            pa.array([f"tag {n}" for n in range(len(commands))], pa.string()),
        ],
        ["commands", "reply_lines", "hash_tags"],
    )


@pytest.mark.parametrize(
    ("rows", "size"), [(0, 0), (1, 3), (5_000, 10), (50, BATCH_BYTES // 10), (3, BATCH_BYTES + 1)]
)
def test_batches_hold_every_row_once_and_in_order(rows: int, size: int):
    commands = [f"{n}é" + "x" * size for n in range(rows)]
    batches = [*command_batches(records(commands))]
    assert b"".join(bytes(batch.data) for batch in batches) == "".join(commands).encode()
    assert sum(len(batch) for batch in batches) == rows
    assert sum(batch.lines for batch in batches) == sum(len(one) % 7 + 1 for one in commands)
    largest = max((len(one.encode()) for one in commands), default=0)
    assert all(len(batch.data) <= max(BATCH_BYTES, largest) + largest for batch in batches)
    assert len(batches) <= max(rows, 1)


@settings(deadline=None, derandomize=True)
@given(tags=TEXTS, data=st.data())
def test_chosen_rows_of_a_batch_are_whole(tags: list[str], data: st.DataObject):
    [*batches] = command_batches(records(tags))
    for batch in batches:
        chosen = sorted(data.draw(st.sets(st.integers(0, len(batch) - 1))))
        part = batch.take(pa.array(chosen, pa.int64()))
        assert isinstance(part, CommandBatch)
        assert bytes(part.data) == "".join(tags[n] for n in chosen).encode()
        assert part.lines == sum(len(tags[n]) % 7 + 1 for n in chosen)
