"""What a dbt build did: its results, and the seconds of its parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class DbtTimes:
    """Seconds of the parts of a dbt build, in their order.

    Attributes:
        importing: dbt's modules; nothing from the second build of a process on.
        parsing: the project; nothing from the second build of a process on.
        starting: until the first node: connecting, listing the relations, hooks.
        nodes: from the start of the first node to the end of the last one.
        closing: hooks and artifacts, and writing the warehouse's last changes to its file.
        executing: of the nodes, running their SQL and the Jinja around it: a sum over threads.
    """

    importing: float = 0.0
    parsing: float = 0.0
    starting: float = 0.0
    nodes: float = 0.0
    closing: float = 0.0
    executing: float = 0.0

    @property
    def start_up(self) -> float:
        """The time before the first node."""
        return self.importing + self.parsing + self.starting

    @property
    def total(self) -> float:
        """The whole build."""
        return self.start_up + self.nodes + self.closing


@dataclass(frozen=True)
class DbtBuild:
    """The result of a dbt build."""

    as_of: datetime | None
    nodes: int
    warnings: list[str]
    times: DbtTimes
    macro_warnings: list[str] = field(default_factory=list)


@dataclass
class BuildEvents:
    """A callback for dbt's events that keeps the times and warnings of one build."""

    on_node: Callable[[int, int], None]
    total: int = 0
    done: int = 0
    first: float | None = None
    last: float | None = None
    warnings: list[str] = field(default_factory=list)

    def __call__(self, event: Any) -> None:
        """Note an event of dbt."""
        name = event.info.name
        if name == "ConcurrencyLine":
            self.total = event.data.node_count
        elif name == "NodeStart" and self.first is None:
            self.first = time.perf_counter()
        elif name == "NodeFinished":
            self.last = time.perf_counter()
            self.done += 1
            self.on_node(self.done, self.total)
        elif name == "JinjaLogWarning" and event.data.msg not in self.warnings:
            self.warnings.append(event.data.msg)
