"""Batches of ready-made commands, with what is needed to check their replies and to route them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

#: Bytes of commands that are sent at once, about; a row is never cut.
BATCH_BYTES = 2 << 20


@dataclass(frozen=True)
class CommandBatch:
    """The commands of some rows, to which one server replies in order.

    Attributes:
        commands: text, one value a row: whole commands in the protocol's bytes.
        reply_lines: integers, how many lines the replies to each row's commands have.
        hash_tags: text, from which a Redis Cluster computes the slot of each row.
    """

    commands: pa.Array
    reply_lines: pa.Array
    hash_tags: pa.Array

    def __len__(self) -> int:
        return len(self.commands)

    @property
    def data(self) -> memoryview:
        """The bytes of all commands, end to end, not copied."""
        _, offsets, data = self.commands.buffers()
        if data is None:
            return memoryview(b"")
        width = "q" if pa.types.is_large_string(self.commands.type) else "i"
        positions = memoryview(offsets).cast(width)
        first = self.commands.offset
        return memoryview(data)[positions[first] : positions[first + len(self)]]

    @property
    def lines(self) -> int:
        """The number of lines of the replies to all commands."""
        return pc.sum(self.reply_lines).as_py() or 0

    def take(self, positions: pa.Array) -> CommandBatch:
        """Return the batch of the rows at some positions."""
        return CommandBatch(
            self.commands.take(positions),
            self.reply_lines.take(positions),
            self.hash_tags.take(positions),
        )


def command_batches(records: pa.RecordBatch) -> Iterator[CommandBatch]:
    """Cut the result of a query of commands into batches of about ``BATCH_BYTES``."""
    columns = [records.column(name) for name in ("commands", "reply_lines", "hash_tags")]
    whole = CommandBatch(*columns)
    count = -(-max(len(whole.data), 1) // BATCH_BYTES)
    rows = max(1, -(-len(whole) // count))
    for start in range(0, len(whole), rows):
        yield CommandBatch(*(column.slice(start, rows) for column in columns))
