"""The slots of a Redis Cluster, for many keys at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

SLOTS = 16_384


def _table() -> np.ndarray:
    """Return the CRC16 (XMODEM) of every byte."""
    crc = np.arange(256, dtype=np.uint16) << 8
    for _ in range(8):
        crc = np.where(crc & 0x8000, (crc << 1) ^ 0x1021, crc << 1).astype(np.uint16)
    return crc


_CRC16 = _table()


def key_slots(hash_tags: pa.Array) -> np.ndarray:
    """Return the slot of each hash tag, as Redis Cluster computes it.

    All texts are walked at once, one byte further at each step.

    Args:
        hash_tags: text without nulls; what stands between the braces of the keys.

    Returns:
        uint16, one a hash tag.
    """
    _, offsets, data = hash_tags.buffers()
    width = np.int64 if pa.types.is_large_string(hash_tags.type) else np.int32
    count = len(hash_tags)
    bounds = np.frombuffer(offsets, dtype=width, count=count + hash_tags.offset + 1)
    bounds = bounds[hash_tags.offset :]
    lengths = np.diff(bounds)
    crc = np.zeros(count, dtype=np.uint16)
    if data is None or not count:
        return crc
    text = np.frombuffer(data, dtype=np.uint8)
    for position in range(int(lengths.max())):
        there = np.flatnonzero(lengths > position)
        old = crc[there]
        crc[there] = (old << 8) ^ _CRC16[(old >> 8) ^ text[bounds[there] + position]]
    return crc % SLOTS
