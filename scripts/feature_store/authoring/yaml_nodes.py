"""The nodes of a YAML text with their positions in it, read by the parser that dbt uses."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from feature_store.errors import FeatureStoreError

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "<<"


@dataclass
class Node:
    """A node of a YAML text.

    Attributes:
        kind: ``map``, ``list``, ``scalar`` or ``alias``.
        start: where it begins in the text, its anchor included.
        end: where its content ends, without comments and empty lines behind it.
        line: the line of its start, from 1.
        flow: whether it is a map in ``{}`` or a list in ``[]``.
        anchor: the name of its anchor, or of the anchor that an alias names.
        text: the text of a scalar.
        plain: whether a scalar is not quoted.
        pairs: keys and values of a map.
        items: the items of a list.
        target: the node that an alias stands for; None if there is none.
    """

    kind: str
    start: int
    end: int
    line: int
    flow: bool = False
    anchor: str | None = None
    text: str = ""
    plain: bool = False
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    target: Node | None = None

    @property
    def resolved(self) -> Node:
        """The node itself, or the one that an alias stands for."""
        return self.target.resolved if self.target is not None else self

    def get(self, *keys: str) -> Node | None:
        """Return the value at a path of keys, without merged ones; None if there is none."""
        found: Node | None = self
        for key in keys:
            pairs = found.resolved.pairs if found is not None else []
            found = next((value for name, value in pairs if name.text == key), None)
        return found

    def list_of(self, key: str) -> list[Node]:
        """Return the items of the list of a key."""
        found = self.get(key)
        return found.resolved.items if found is not None else []

    @property
    def value(self) -> Any:
        """The Python value, aliases and merge keys included."""
        node = self.resolved
        if node.kind == "map":
            merged: dict[Any, Any] = {}
            for key, value in node.pairs:
                if key.text == _MERGE and key.plain:
                    source = value.value
                    for one in reversed(source if isinstance(source, list) else [source]):
                        merged |= one if isinstance(one, dict) else {}
            own = {
                key.value: value.value
                for key, value in node.pairs
                if not (key.text == _MERGE and key.plain)
            }
            return merged | own
        if node.kind == "list":
            return [item.value for item in node.items]
        if node.kind == "alias":
            return None
        return _scalar(node.text) if node.plain else node.text


@functools.lru_cache(maxsize=4096)
def _scalar(text: str) -> Any:
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    return loader.construct_object(yaml.ScalarNode(tag, text))


def parse(text: str, where: str) -> Node | None:
    """Return the root of a text; None if it is empty.

    Raises:
        FeatureStoreError: it is not YAML, or has a key twice.
    """
    try:
        events = iter([*yaml.parse(text, Loader=_PARSER)])
        builder = _Builder(text, events)
        root = builder.document()
        if any(isinstance(event, yaml.DocumentStartEvent) for event in events):
            raise ValueError("there are two documents in it")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise FeatureStoreError(
            f"{where}{line}: is not YAML: {said}", next_step="correct the line, then run again"
        ) from error
    if root is not None:
        _check(root, where)
    return root


def comments_of(text: str, root: Node | None, start: int, end: int) -> list[str]:
    """Return the comments in a part of a text."""
    spans = [(one.start, one.end) for one in _scalars(root)] if root is not None else []
    found, at = [], text.find("#", start, end)
    while at >= 0:
        stop = next((last for first, last in spans if first <= at < last), None)
        if stop is None:
            stop = text.find("\n", at)
            stop = len(text) if stop < 0 else stop
            found.append(text[at:stop].rstrip())
        at = text.find("#", stop, end)
    return found


def _scalars(node: Node) -> Iterator[Node]:
    if node.kind in ("scalar", "alias"):
        yield node
    for part in [*(one for pair in node.pairs for one in pair), *node.items]:
        yield from _scalars(part)


def check_aliases(node: Node | None, where: str) -> None:
    """Refuse an alias in a node whose anchor is not above it, as where a removed version had it.

    Raises:
        FeatureStoreError: names the alias and its line.
    """
    if node is None:
        return
    if node.kind == "alias" and node.target is None:
        raise FeatureStoreError(
            f"{where}, line {node.line}: the alias *{node.anchor} has no anchor &{node.anchor} "
            "above it in this file",
            next_step=f"write here what &{node.anchor} held, or remove the entry with the alias",
        )
    for part in [*(one for pair in node.pairs for one in pair), *node.items]:
        check_aliases(part, where)


def _check(node: Node, where: str) -> None:
    seen: set[str] = set()
    for key, value in node.pairs:
        if key.text in seen and key.text != _MERGE:
            raise FeatureStoreError(
                f"{where}, line {key.line}: the key {key.text!r} is there twice",
                next_step="keep one of the two",
            )
        seen.add(key.text)
        _check(value, where)
    for item in node.items:
        _check(item, where)


class _Builder:
    """Builds nodes from the parser's events."""

    def __init__(self, text: str, events: Iterator[Any]):
        self._text, self._events = text, events
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                return self._node(next(self._events))
        return None

    def _node(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        node = Node("scalar", start, end, event.start_mark.line + 1, anchor=event.anchor)
        if isinstance(event, yaml.AliasEvent):
            node.kind, node.target = "alias", self._anchors.get(event.anchor)
            return node
        if event.anchor:
            self._anchors[event.anchor] = node
        if isinstance(event, yaml.ScalarEvent):
            node.text, node.plain = event.value, event.implicit[0] and event.style in (None, "")
            node.end = start + len(self._text[start:end].rstrip())
        elif isinstance(event, yaml.MappingStartEvent):
            node.kind, node.flow = "map", bool(event.flow_style)
            self._fill(node, yaml.MappingEndEvent)
        else:
            node.kind, node.flow = "list", bool(event.flow_style)
            self._fill(node, yaml.SequenceEndEvent)
        return node

    def _fill(self, node: Node, ends: type) -> None:
        children: list[Node] = []
        for event in self._events:
            if isinstance(event, ends):
                node.end = (
                    event.end_mark.index
                    if node.flow
                    else max((one.end for one in children), default=node.start)
                )
                break
            children.append(self._child(event, children, node))
        if node.kind == "map":
            node.pairs = [*zip(children[::2], children[1::2], strict=True)]
        else:
            node.items = children

    def _child(self, event: Any, before: list[Node], parent: Node) -> Node:
        child = self._node(event)
        is_value = parent.kind == "map" and len(before) % 2 == 1
        if is_value and child.kind == "scalar" and child.plain and not child.text:
            # A missing value has the position of the next token.
            colon = self._text.find(":", before[-1].end)
            child.start = child.end = (
                colon + 1 if 0 <= colon < max(child.start, before[-1].end + 1) else before[-1].end
            )
        return child
