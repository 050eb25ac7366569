"""The cases of the benchmark of the online store, and the names of its parts and contenders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harness.report import short

#: This project's contenders, by the layout of the values.
OURS = {"hash": "this project, hash", "packed": "this project, packed"}
FEAST = "Feast"
REDIS_PY = "redis-py pipeline"
REDIS_BENCHMARK = "redis-benchmark"
#: The end of the name of ``redis-benchmark`` where it sets keys that exist.
REPEATING = ", keys that repeat"


class Part(Enum):
    """Parts that can be measured alone."""

    READS = "reads"
    DELTAS = "deltas"
    MEMORY = "memory"
    WRITES = "writes"


@dataclass(frozen=True)
class Case:
    """A full load: its rows, whether some features are null, and whether keys have a TTL.

    As text it is ``200k``, ``200k, TTL`` or ``200k with nulls, TTL``.
    """

    rows: int
    ttl: bool
    nulls: bool = False

    def __str__(self) -> str:
        return short(self.rows) + " with nulls" * self.nulls + ", TTL" * self.ttl


@dataclass(frozen=True)
class Plan:
    """The cases of all parts.

    Attributes:
        writes: full loads, each with whether Feast takes part.
        deltas: rows of the views of which deltas are exported.
        reads: rows in the store that is read from.
        sizes: entities of a read, with the number of calls.
        memory: rows of the exports whose memory is measured.
    """

    writes: dict[Case, bool]
    deltas: tuple[int, ...]
    reads: int
    sizes: dict[int, int]
    memory: int


SMALL = Plan(
    writes={Case(2_000, ttl=True): True, Case(2_000, ttl=False): True},
    deltas=(2_000,),
    reads=2_000,
    sizes={1: 20, 100: 10},
    memory=2_000,
)
FULL = Plan(
    writes={
        Case(200_000, ttl=False): True,
        Case(200_000, ttl=True): True,
        # Without Feast, which takes minutes: neither nulls nor a TTL change its time.
        Case(200_000, ttl=True, nulls=True): False,
        Case(2_000_000, ttl=False): True,
        Case(2_000_000, ttl=True): False,
    },
    deltas=(200_000, 2_000_000),
    reads=200_000,
    sizes={1: 1_000, 100: 1_000, 1_000: 200},
    memory=10_000_000,
)
