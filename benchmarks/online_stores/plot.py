"""The plot of the results: horizontal bars, as an SVG file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from harness.contenders import Measured
from online_stores.cases import Case
from online_stores.readers import Latency

_WIDTH, _LABEL, _VALUE, _BAR, _GAP = 900, 270, 90, 16, 6
#: Colours that stand out on white and on black, by the beginning of a contender's name.
_COLOURS = {"this project": "#2f7ed8", "Feast": "#d9822b", "redis": "#8a8f98"}


@dataclass(frozen=True)
class _Panel:
    """Bars to compare with each other: a title, and the name and value of each bar."""

    title: str
    bars: tuple[tuple[str, float], ...]
    decimals: int = 0


def _panels(
    writes: Mapping[Case, Sequence[Measured]], latencies: Sequence[Latency]
) -> Iterator[_Panel]:
    loads = {case: measured for case, measured in writes.items() if not case.nulls}
    for case, measured in loads.items():
        bars = tuple((one.contender, one.median("speed")) for one in measured)
        yield _Panel(f"{case}: rows a second, more is better", bars)
    # The bytes hardly depend on the number of rows: the first load is enough.
    for case, measured in [*loads.items()][:1]:
        sizes = [(one.contender, one.median("entity_bytes")) for one in measured]
        bars = tuple((name, size) for name, size in sizes if size)
        yield _Panel(f"{case}: bytes an entity in Redis, fewer is better", bars)
    for entities in dict.fromkeys(one.entities for one in latencies):
        found = [one for one in latencies if one.entities == entities]
        bars = tuple((one.contender, one.p50 * 1e3) for one in found)
        what = f"read of {entities:,} × 11 features: median milliseconds, fewer is better"
        yield _Panel(what, bars, decimals=2)


def _text(x: float, y: float, text: str, *, bold: bool = False, end: bool = False) -> str:
    style = ' font-weight="bold"' * bold + ' text-anchor="end"' * end
    return f'<text x="{x:.0f}" y="{y:.0f}"{style}>{escape(text)}</text>'


def _bar_lines(panel: _Panel, top: int) -> Iterator[str]:
    yield _text(0, top + 12, panel.title, bold=True)
    longest = max(value for _, value in panel.bars)
    for number, (name, value) in enumerate(panel.bars):
        y = top + 24 + number * (_BAR + _GAP)
        length = max(1.0, value / longest * (_WIDTH - _LABEL - _VALUE))
        colour = next(found for start, found in _COLOURS.items() if name.startswith(start))
        yield _text(_LABEL - 8, y + 12, name, end=True)
        yield (f'<rect x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_BAR}" fill="{colour}"/>')
        yield _text(_LABEL + length + 6, y + 12, f"{value:,.{panel.decimals}f}")


def plot(writes: Mapping[Case, Sequence[Measured]], latencies: Sequence[Latency]) -> str:
    """Return the plot of full loads and reads as the text of an SVG file."""
    lines, top = [], 8
    for panel in _panels(writes, latencies):
        lines += _bar_lines(panel, top)
        top += 24 + len(panel.bars) * (_BAR + _GAP) + 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 {_WIDTH + 16} {top}" '
        f'width="{_WIDTH + 16}" height="{top}" font-family="sans-serif" font-size="12">'
    )
    ground = f'<rect x="-8" y="0" width="{_WIDTH + 16}" height="{top}" fill="white"/>'
    return "\n".join([head, ground, *lines, "</svg>", ""])
