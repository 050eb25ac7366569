"""SQL's aggregate functions in plain Python, for the oracle of the feature views."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Approximately:
    """A double that rounding may change: equal to 1e-9 of its own size or of its inputs' sizes."""

    value: float
    scale: float = 0.0

    def matches(self, got: Any) -> bool:
        """Return whether a double is near enough."""
        size = max(abs(self.value), self.scale)
        return isinstance(got, float) and abs(got - self.value) <= RELATIVE_TOLERANCE * size


@dataclass(frozen=True)
class OneOf:
    """A value that SQL does not define: the mode if several values are equally frequent."""

    values: frozenset[Any]

    def matches(self, got: Any) -> bool:
        """Return whether a value is one of those allowed."""
        return got in self.values


@dataclass(frozen=True)
class Filler:
    """A number from the YAML, which takes the type of the column that it fills."""

    value: float

    def matches(self, got: Any) -> bool:
        """Return whether a number of any type is this one."""
        return got is not None and got == self.value


def plain(value: Any) -> Any:
    """Return a value as a plain number."""
    return value.value if isinstance(value, Approximately | Filler) else value


def matches(expected: Any, got: Any) -> bool:
    """Return whether a table's value equals the oracle's, exactly except for the classes above."""
    if isinstance(expected, Approximately | OneOf | Filler):
        return expected.matches(got)
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, float) != isinstance(got, float):
        return False
    return expected == got


def _scale(values: list[Any]) -> float:
    return float(sum(abs(value) for value in values))


def _sum(values: list[Any]) -> Any:
    if isinstance(values[0], float):
        return Approximately(math.fsum(values), _scale(values))
    return sum(values)


def _mean(values: list[Any]) -> Fraction:
    return sum(map(Fraction, values), Fraction(0)) / len(values)


def _average(values: list[Any]) -> Approximately:
    return Approximately(float(_mean(values)), _scale(values) / len(values))


def _deviation(values: list[Any]) -> Approximately:
    mean = _mean(values)
    variance = sum((Fraction(value) - mean) ** 2 for value in values) / len(values)
    return Approximately(math.sqrt(variance), _scale(values))


def _quantile(values: list[Any], fraction: Any) -> Approximately:
    ordered = sorted(values)
    position = Fraction(fraction) * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    share = position - low
    exact = Fraction(ordered[low]) * (1 - share) + Fraction(ordered[high]) * share
    return Approximately(float(exact), _scale(values))


def _mode(values: list[Any]) -> OneOf:
    counts = Counter(values)
    most = max(counts.values())
    return OneOf(frozenset(value for value, count in counts.items() if count == most))


def _max(values: list[Any]) -> Any:
    if isinstance(values[0], tuple):  # max(value, n): the n greatest values
        return sorted((value for value, _ in values), reverse=True)[: values[0][1]]
    return max(values)


# Called with one value or more, none of them null; with pairs where the function has two arguments.
_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _sum,
    "min": min,
    "max": _max,
    "avg": _average,
    "bool_or": any,
    "bool_and": all,
    "median": lambda values: _quantile(values, Fraction(1, 2)),
    "stddev_pop": _deviation,
    "mode": _mode,
    "list": list,
    "arg_max": lambda pairs: max(pairs, key=lambda pair: pair[1])[0],
    "arg_min": lambda pairs: min(pairs, key=lambda pair: pair[1])[0],
    "quantile_cont": lambda pairs: _quantile([value for value, _ in pairs], pairs[0][1]),
    "string_agg": lambda pairs: pairs[0][1].join(value for value, _ in pairs),
}


def reduce_values(function: str, values: list[Any]) -> Any:
    """Return an aggregate of values, in order and without nulls; SQL's result if there are none.

    Raises:
        NotImplementedError: the function is not among those above.
    """
    if function == "count":
        return len(values)
    if function not in _FUNCTIONS:
        raise NotImplementedError(f"the oracle has no aggregate {function}; add it here")
    return _FUNCTIONS[function](values) if values else None
