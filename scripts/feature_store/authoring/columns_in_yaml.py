"""Completes the list of columns of a model in its YAML.

What the tool wrote is told from what a person changed by a record: a comment above the columns that
holds a short digest of each description, constraint and test that the tool wrote. What has no
digest there is a person's, and stays. A comment without a digest of something in the list is a
person's too.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from feature_store.authoring.types import same_type
from feature_store.authoring.yaml_flow import flow
from feature_store.authoring.yaml_nodes import Node
from feature_store.authoring.yaml_text import YamlText

NOT_NULL = [{"type": "not_null", "warn_unsupported": False}]
_OWN_KEYS = ("name", "quote", "data_type", "description", "constraints")
#: Before digests of texts that the command wrote; a text with another digest is a person's.
RECORD = "# Generated:"
_PER_LINE = 17
_DIGEST = 5
_NOT_NULL = "not_null"
_RECORD_LINE = re.compile(rf"\s*{RECORD} ((?:[\w-]{{{_DIGEST}}})+)\s*", re.A)


@dataclass(frozen=True)
class WantedColumn:
    """A column as the declaration and the warehouse have it."""

    name: str
    data_type: str
    description: str
    not_null: bool
    quote: bool

    def as_yaml(self) -> dict[str, Any]:
        """Return the column as a mapping for the YAML."""
        return {
            "name": self.name,
            **({"quote": True} if self.quote else {}),
            "data_type": self.data_type,
            "description": self.description,
            **({"constraints": NOT_NULL} if self.not_null else {}),
        }


def digest(*parts: str) -> str:
    """Return the short digest of a text that the tool wrote."""
    found = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.urlsafe_b64encode(found).decode()[:_DIGEST]


def _digests_of_description(name: str, description: str) -> set[str]:
    """Return the digests of a description; until 2026-11 one held its column's constraint too."""
    return {digest(name, description), digest(name, description, _NOT_NULL)}


def _digest_of_constraint(name: str) -> str:
    # Of four parts: no description, and none with a constraint, has this digest.
    return digest("constraint", _NOT_NULL, name, "")


def _digests_of_constraint(name: str, description: str) -> set[str]:
    return {_digest_of_constraint(name), digest(name, description, _NOT_NULL)}


class ColumnList:
    """The columns of a model or of a version of it.

    Args:
        owner: finds the node of the model or version, anew after each edit.
    """

    def __init__(self, text: YamlText, owner: Callable[[], Node]):
        self._text, self._owner = text, owner
        self._read: Node | None = None
        self._by_name: dict[str, Node] = {}
        self._own_constraints: set[str] = set()
        self._is_record: bool | None = None

    @property
    def _items(self) -> list[Node]:
        return self._owner().list_of("columns")

    @property
    def is_there(self) -> bool:
        """Whether there is such a list."""
        return bool(self._items)

    def record(self) -> frozenset[str]:
        """Return the digests of what the tool wrote."""
        return frozenset(_digests_in(self.record_lines()[2]))

    def record_lines(self) -> tuple[int, int, list[str]]:
        """Return where the record begins and ends, and its lines; none if there is none."""
        if self._owner().get("columns").resolved.flow:
            return 0, 0, []
        text = self._text.text
        first = text.rfind("\n", 0, self._text.dash(self._items[0])) + 1
        begin, lines = first, []
        while begin:
            above = text.rfind("\n", 0, begin - 1) + 1
            line = text[above:begin]
            if line.strip() and not line.strip().startswith("#"):
                break
            begin = above
            found = _RECORD_LINE.fullmatch(line)
            if found and (not lines or len(found[1]) == _PER_LINE * _DIGEST):
                lines.insert(0, line)
            elif lines:
                begin += len(line)
                break
        if lines and self._is_record is None:  # before the list is changed
            self._is_record = not self._present().isdisjoint(_digests_in(lines))
        if not lines or not self._is_record:
            return first, first, []
        begin = text.index(lines[0], begin)
        return begin, begin + sum(map(len, lines)), lines

    def _present(self) -> set[str]:
        """Return the digests of what is in the list, whoever wrote it."""
        found: set[str] = set()
        for item in self._items:
            name, said = _name(item), _description(item)
            found |= _digests_of_description(name, said) | _digests_of_constraint(name, said)
        return found

    def write_record(self, digests: Sequence[str]) -> None:
        """Write the record in place of the one that is there."""
        begin, end, _ = self.record_lines()
        indent = " " * self._text.column(self._text.dash(self._items[0]))
        rows = [digests[at : at + _PER_LINE] for at in range(0, len(digests), _PER_LINE)]
        new = "".join(f"{indent}{RECORD} {''.join(row)}\n" for row in rows)
        if self._text.text[begin:end] != new:
            self._text.replace(begin, end, new)

    def complete(self, columns: Sequence[WantedColumn], anchor: str) -> list[str]:
        """Bring the list up to date, apart from the record.

        Returns:
            names of the columns that were removed although a person had changed them.
        """
        if not self.is_there:
            lines = "".join(f"\n  - {flow(column.as_yaml())}" for column in columns)
            if self._owner().flow:
                raise self._text.unusual(self._owner().line)
            if self._owner().get("columns") is not None:
                self._text.remove_key(self._owner(), "columns")
            after = (
                "v",
                "name",
                "description",
                "docs",
                "latest_version",
                "config",
                "data_tests",
                "tests",
            )
            self._text.add_key(self._owner(), "columns", "\n" + lines[1:], after)
            self._text.add_anchor(self._owner(), "columns", anchor)
            self._own_constraints = {column.name for column in columns}
            return []
        for item in self._items:
            if item.kind == "alias":
                raise self._text.unusual(item.line)
        self._write_below_each_other()
        record = self.record()
        with self._text.at_once():
            for column in columns:
                self._complete_column(column, record)
        with self._text.at_once():
            self._add_missing(columns)
        with self._text.at_once():
            return self._remove_others({column.name for column in columns}, record)

    def _write_below_each_other(self) -> None:
        """Turn a list in brackets into one with an item a line."""
        found = self._owner().get("columns")
        if not found.resolved.flow or found.kind == "alias":
            return
        if "#" in self._text.text[found.start : found.end]:
            raise self._text.unusual(found.line)
        items = "".join(f"\n  - {flow(item.value)}" for item in found.items)
        anchor = found.anchor
        names = [key.text for key, _ in self._owner().pairs]
        self._text.remove_key(self._owner(), "columns")
        before = names[: names.index("columns")]
        self._text.add_key(self._owner(), "columns", items, before)
        if anchor:
            self._text.add_anchor(self._owner(), "columns", anchor)

    def _node(self, name: str) -> Node | None:
        if self._read is not self._text.root:
            self._read = self._text.root
            self._by_name = {_name(one): one for one in reversed(self._items)}
        return self._by_name.get(name)

    def _complete_column(self, column: WantedColumn, record: frozenset[str]) -> None:
        if (node := self._node(column.name)) is None:
            return
        value, wanted = node.value, column.as_yaml()
        changed: dict[str, Any] = {}
        if "quote" in wanted and "quote" not in value:
            changed["quote"] = True
        if not same_type(str(value.get("data_type") or ""), column.data_type):
            changed["data_type"] = column.data_type
        description = _description(node)
        is_ours = not record.isdisjoint(_digests_of_description(column.name, description))
        if not description or (description != column.description and is_ours):
            changed["description"] = column.description
        was_written = _has_own_constraint(node, record)
        if column.not_null and "constraints" not in value:
            changed["constraints"] = NOT_NULL
        if was_written or "constraints" in changed:
            self._own_constraints.add(column.name)
        for key, new in changed.items():
            after = _OWN_KEYS[: _OWN_KEYS.index(key)]
            self._text.set_value(self._node(column.name), key, flow(new), after)
        if not column.not_null and was_written:
            self._text.remove_key(self._node(column.name), "constraints")

    def _add_missing(self, columns: Sequence[WantedColumn]) -> None:
        owner, at = self._owner().get("columns"), 0
        places = {_name(one): number for number, one in enumerate(self._items)}
        for column in columns:
            if column.name in places:
                at = places[column.name] + 1
            else:
                self._own_constraints.add(column.name)
                self._text.add_item(owner, flow(column.as_yaml()), at)

    def _remove_others(self, kept: set[str], record: frozenset[str]) -> list[str]:
        lost, owner = [], self._owner().get("columns")
        for number, node in enumerate(self._items):
            name, value = _name(node), node.value
            if name in kept:
                continue
            said = _description(node)
            if (
                {*value} - {*_OWN_KEYS}
                or (said and record.isdisjoint(_digests_of_description(name, said)))
                or ("constraints" in value and not _has_own_constraint(node, record))
                or self._has_comment(node)
            ):
                lost.append(name)
            self._text.remove_item(owner, number)
        return lost

    def _has_comment(self, item: Node) -> bool:
        """Return whether a comment stands in the lines of an item, or behind it in its line."""
        if self._owner().get("columns").resolved.flow:
            return False
        end = self._text.text.find("\n", item.end)
        return bool(self._text.comments(self._text.dash(item), None if end < 0 else end))

    def digests(self, columns: Sequence[WantedColumn]) -> list[str]:
        """Return the digests of the descriptions and constraints that are as it writes them."""
        found = []
        for column in columns:
            value = self._node(column.name).value
            if value.get("description") == column.description:
                found.append(digest(column.name, column.description))
            is_ours = column.name in self._own_constraints and column.not_null
            if is_ours and value.get("constraints") == NOT_NULL:
                found.append(_digest_of_constraint(column.name))
        return found


def _digests_in(lines: Iterable[str]) -> Iterator[str]:
    digests = "".join(_RECORD_LINE.fullmatch(line)[1] for line in lines)
    return (digests[at : at + _DIGEST] for at in range(0, len(digests), _DIGEST))


def _has_own_constraint(column: Node, record: frozenset[str]) -> bool:
    """Return whether a column has the constraint that the tool wrote."""
    digests = _digests_of_constraint(_name(column), _description(column))
    return column.value.get("constraints") == NOT_NULL and not record.isdisjoint(digests)


def _description(node: Node) -> str:
    value = node.value
    return str(value.get("description") or "") if isinstance(value, dict) else ""


def _name(node: Node) -> str:
    value = node.value  # the name may be merged from elsewhere
    return str(value.get("name", "")) if isinstance(value, dict) else ""
