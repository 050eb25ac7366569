"""Full loads of an empty server by all contenders, in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.report import short
from online_stores.contenders import Contender, Run
from online_stores.server import redis_server


@dataclass(frozen=True)
class Case:
    """What is written: rows, whether some features are null, whether keys get a TTL.

    As text it is ``200k``, ``200k, TTL`` or ``200k with nulls, TTL``.
    """

    rows: int
    ttl: bool
    nulls: bool = False

    def __str__(self) -> str:
        return short(self.rows) + " with nulls" * self.nulls + ", TTL" * self.ttl


@dataclass(frozen=True)
class Measured:
    """All runs of one contender in one case."""

    contender: str
    runs: tuple[Run, ...]

    @property
    def speeds(self) -> list[float]:
        """Rows a second of each run, the slowest first."""
        return sorted(run.rows / run.seconds for run in self.runs)

    @property
    def speed(self) -> float:
        """Median of the rows a second."""
        return median(self.speeds)

    @property
    def entity_bytes(self) -> float:
        """Median of the bytes of an entity in Redis."""
        return median(run.entity_bytes for run in self.runs)

    @property
    def peak_bytes(self) -> float:
        """Median of the most memory that the process held."""
        return median(run.peak_bytes for run in self.runs)


#: Runs of a contender whose first run took longer than LONG_SECONDS.
LONG_REPEATS = 3
LONG_SECONDS = 60


def run_case(
    contenders: Sequence[Contender],
    scratch: Path,
    repeats: int,
    tell: Callable[[str], None],
    *,
    warm: bool,
) -> list[Measured]:
    """Run contenders in turn, each on a new server every time.

    Args:
        contenders: who writes.
        scratch: working folder of the servers.
        repeats: runs of each that count; of a contender that takes longer than a minute, three.
        tell: takes one line about each run.
        warm: whether each runs once before, uncounted, so that files come into the page cache.
    """
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(-1 if warm else 0, repeats):
        # Forwards and backwards, so that none always has the other's heat behind it.
        for contender in contenders if number % 2 == 0 else contenders[::-1]:
            done = runs[contender.name]
            if len(done) >= LONG_REPEATS and done[0].seconds > LONG_SECONDS:
                continue
            with redis_server(scratch) as server:
                run = contender.run(server)
            if number >= 0:
                done.append(run)
            uncounted = "" if number >= 0 else ", not counted"
            tell(
                f"  {contender.name}: {run.seconds:.2f} s, {run.rows / run.seconds:,.0f} rows/s, "
                f"{run.entity_bytes:.0f} bytes an entity{uncounted}"
            )
    return [Measured(name, tuple(found)) for name, found in runs.items()]
