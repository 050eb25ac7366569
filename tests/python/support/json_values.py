"""Places in JSON values, and copies with another value in one place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]


def places(content: Any, at: Place = ()) -> Iterator[Place]:
    """Yield the place of every value, at whatever depth."""
    if at:
        yield at
    items = content.items() if isinstance(content, dict) else ()
    for name, value in enumerate(content) if isinstance(content, list) else items:
        yield from places(value, (*at, name))


def changed(content: Any, place: Place, value: Any) -> Any:
    """Return a copy with another value in a place; without the place for Ellipsis."""
    content = copy.deepcopy(content)
    parent = content
    for name in place[:-1]:
        parent = parent[name]
    if value is ...:
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return content
