"""Pieces of an export: buffers of commands, with what is needed to check and to route them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

#: Bytes of commands that are sent at once, about; a row is never cut.
PIECE_BYTES = 2 << 20


@dataclass(frozen=True)
class Piece:
    """Some rows' commands, which one server answers in order.

    Attributes:
        commands: text, each whole commands in the protocol's bytes.
        reply_lines: integers, how many lines the server answers each with.
        hash_tags: text, what a Redis Cluster chooses each row's slot by.
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
        """The number of lines that a server answers all commands with."""
        return pc.sum(self.reply_lines).as_py() or 0

    def take(self, positions: pa.Array) -> Piece:
        """Return the piece of the rows at some positions."""
        return Piece(
            self.commands.take(positions),
            self.reply_lines.take(positions),
            self.hash_tags.take(positions),
        )


def pieces_of(batch: pa.RecordBatch) -> Iterator[Piece]:
    """Cut a batch of a query of commands into pieces of about ``PIECE_BYTES``."""
    columns = [batch.column(name) for name in ("commands", "reply_lines", "hash_tags")]
    whole = Piece(*columns)
    parts = -(-max(len(whole.data), 1) // PIECE_BYTES)
    rows = max(1, -(-len(whole) // parts))
    for start in range(0, len(whole), rows):
        yield Piece(*(column.slice(start, rows) for column in columns))
