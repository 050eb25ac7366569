"""Edits of a YAML text that leave every other byte of it as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from feature_store.authoring.yaml_flow import flow
from feature_store.authoring.yaml_nodes import Node, comments_of, parse
from feature_store.errors import FeatureStoreError

_BOM = "\ufeff"
#: A line above an item whose dash stands alone, or before a comment.
_LONE_DASH = re.compile(r"(?:[ \t]*-)+(?=[ \t]*(?:#.*)?$)")


class YamlText:
    """A YAML text, edited in place; after each edit it is read again.

    Line ends are kept: inside, a text of a file with CRLF has LF.
    """

    def __init__(self, text: str, where: str):
        self.where = where
        self._bom = _BOM if text.startswith(_BOM) else ""
        text = text.removeprefix(_BOM)
        self._crlf = "\r\n" in text and "\n" not in text.replace("\r\n", "")
        self.text = text.replace("\r\n", "\n") if self._crlf else text
        self.root = parse(self.text, where)
        self._edits: list[tuple[int, int, str]] | None = None

    @classmethod
    def read(cls, path: Path, where: str) -> YamlText:
        """Read a file."""
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise FeatureStoreError(
                f"{where}: cannot be read: {said}", next_step="correct the file, then run again"
            ) from error
        return cls(text, where)

    def written(self) -> str:
        """Return the text as the file has it."""
        return self._bom + (self.text.replace("\n", "\r\n") if self._crlf else self.text)

    def replace(self, start: int, end: int, new: str) -> None:
        """Replace a part of the text."""
        if self._edits is not None:
            self._edits.append((start, end, new))
            return
        line = self.text.count("\n", 0, start) + 1
        text = self.text[:start] + new + self.text[end:]
        try:
            self.root = parse(text, self.where)
        except FeatureStoreError as error:
            raise self.unusual(line) from error
        self.text = text

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Make edits that do not overlap with one reading of the text, at the end.

        Inside, nodes and text stay as they were; what is inserted at one place keeps its order.
        """
        self._edits = edits = []
        try:
            yield
        finally:
            self._edits = None
        if not edits:
            return
        parts, at = [], 0
        for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1] > edit[0])):
            if start < at:
                raise self.unusual(self.text.count("\n", 0, start) + 1)
            parts += [self.text[at:start], new]
            at = end
        first = min(start for start, _, _ in edits)
        self.replace(first, at, "".join(parts)[first:])

    def comments(self, start: int = 0, end: int | None = None) -> list[str]:
        """Return the comments in a part of the text."""
        return comments_of(self.text, self.root, start, len(self.text) if end is None else end)

    def unusual(self, line: int) -> FeatureStoreError:
        """Return the error for a layout of YAML that cannot be edited."""
        return FeatureStoreError(
            f"{self.where}, line {line}: the layout of the YAML here is not one that can be edited",
            allowed="one key a line and the items of a list below each other, each after its dash",
            next_step="write the entry so, then run again; nothing was changed",
        )

    def set_value(self, owner: Node, key: str, value: str, after: Sequence[str] = ()) -> None:
        """Set a key of a map to a value in flow style; a new one comes behind some others."""
        pair = next((pair for pair in owner.resolved.pairs if pair[0].text == key), None)
        if pair is None:
            self.add_key(owner, key, value, after)
            return
        name, found = pair
        keep = f"&{found.anchor} " if found.anchor and found.kind != "alias" else ""
        self._replace_value(name, found, keep + value)

    def set_alias(self, owner: Node, key: str, anchor: str) -> None:
        """Set a key that a map has to what an anchor stands for."""
        name, found = next(pair for pair in owner.resolved.pairs if pair[0].text == key)
        self._replace_value(name, found, f"*{anchor}")

    def _replace_value(self, name: Node, found: Node, value: str) -> None:
        start = found.start
        if start == found.end or (found.kind in ("map", "list") and not found.flow):
            start = self.text.index(":", name.end) + 1  # a block may begin below the key
            value = f" {value}"
        self.replace(start, found.end, value)

    def add_key(self, owner: Node, key: str, value: str, after: Sequence[str] = ()) -> None:
        """Add a key to a map; the lines of a value of several are indented from the key on."""
        owner = owner.resolved
        if owner.kind != "map":
            raise FeatureStoreError(
                f"{self.where}, line {owner.line}: a mapping is allowed here, got {owner.text!r}",
                next_step="correct the file, then run again",
            )
        before = [pair for pair in owner.pairs if pair[0].text in after] or owner.pairs[-1:]
        if not owner.flow:
            indent = self.column(owner.pairs[0][0].start)
            lines = (
                f"{key}: {value}".splitlines()
                if value[:1] != "\n"
                else [f"{key}:", *value[1:].splitlines()]
            )
            self.insert_lines(before[-1][1].end, lines, indent)
        elif before:
            self.replace(before[-1][1].end, before[-1][1].end, f", {key}: {value}")
        else:
            self.replace(owner.start + 1, owner.start + 1, f"{key}: {value}")

    def add_first_key(self, owner: Node, key: str, value: str) -> None:
        """Add a key in front of the others of a map."""
        owner = owner.resolved
        start = owner.pairs[0][0].start
        end = ", " if owner.flow else "\n" + " " * self.column(start)
        self.replace(start, start, f"{key}: {value}{end}")

    def remove_key(self, owner: Node, key: str) -> None:
        """Remove a key of a map that has others too."""
        owner = owner.resolved
        index = next(number for number, pair in enumerate(owner.pairs) if pair[0].text == key)
        name, value = owner.pairs[index]
        if not owner.flow:
            self.remove_lines(name.start, value.end)
        elif index:
            self.replace(owner.pairs[index - 1][1].end, value.end, "")
        else:
            self.replace(name.start, owner.pairs[1][0].start, "")

    def add_item(self, owner: Node, item: str, at: int | None = None) -> None:
        """Add an item to a list, at its end or so that it has a number."""
        owner = owner.resolved
        number = len(owner.items) if at is None else at
        if owner.flow:
            if not owner.items:
                self.replace(owner.start, owner.end, f"[{item}]")
            elif number:
                end = owner.items[number - 1].end
                self.replace(end, end, f", {item}")
            else:
                start = owner.items[0].start
                self.replace(start, start, f"{item}, ")
            return
        dash = self.dash(owner.items[0])
        first, *others = item.splitlines()
        lines = [f"- {first}", *(f"  {line}" if line else "" for line in others)]
        if number:
            self.insert_lines(owner.items[number - 1].end, lines, self.column(dash))
        else:
            indent = " " * self.column(dash)
            self.replace(dash, dash, "".join(f"{line}\n{indent}" for line in lines))

    def remove_item(self, owner: Node, number: int) -> None:
        """Remove an item of a list that has others too."""
        owner = owner.resolved
        item = owner.items[number]
        if not owner.flow:
            self.remove_lines(self.dash(item), item.end)
        elif number:
            self.replace(owner.items[number - 1].end, item.end, "")
        else:
            self.replace(item.start, owner.items[1].start, "")

    def items_as_written(self, owner: Node) -> list[str]:
        """Return the lines of a list's items, with the comments above each, without indent."""
        owner = owner.resolved
        items = owner.items
        if owner.flow:
            if "#" in self.text[owner.start : owner.end]:
                raise self.unusual(owner.line)
            return [f"- {flow(item.value)}" for item in items]
        indent = self.column(self.dash(items[0]))
        start = self.dash(items[0]) - indent
        while start:
            above = self.text.rfind("\n", 0, start - 1) + 1
            if not self.text[above:start].lstrip().startswith("#"):
                break
            start = above
        end = self.text.find("\n", items[-1].end)
        lines = self.text[start : None if end < 0 else end].split("\n")
        blanks = [len(line) - len(line.lstrip(" ")) for line in lines]
        return [line[min(indent, blank) :] for line, blank in zip(lines, blanks, strict=True)]

    def insert_lines(self, end: int, lines: Sequence[str], indent: int) -> None:
        """Insert lines below the line in which a node ends, and below the comments that end it."""
        at = self._end_of_comments(end, indent)
        self.replace(at, at, "".join(f"\n{' ' * indent if line else ''}{line}" for line in lines))

    def _end_of_comments(self, end: int, indent: int) -> int:
        """Return the end of the line with the last comment that belongs to what ends at a place.

        A comment further right belongs to it; one in its column only where nothing follows there.
        """
        at = self.text.find("\n", end)
        at = found = len(self.text) if at < 0 else at
        level: list[int] = []
        while at < len(self.text):
            stop = self.text.find("\n", at + 1)
            stop = len(self.text) if stop < 0 else stop
            line = self.text[at + 1 : stop]
            column = len(line) - len(line.lstrip())
            if line.strip() and not line.lstrip().startswith("#"):
                return level[-1] if level and column < indent else found
            if line.strip() and column > indent and not level:
                found = stop
            elif line.strip() and column >= indent:
                level.append(stop)
            elif line.strip():
                break
            at = stop
        return level[-1] if level else found

    def remove_lines(self, start: int, end: int) -> None:
        """Remove the whole lines of a part of the text."""
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", end)
        self.replace(first, len(self.text) if last < 0 else last + 1, "")

    def add_anchor(self, owner: Node, key: str, name: str) -> str:
        """Return the anchor of a key's value, which gets one if it has none."""
        value = owner.resolved.get(key)
        assert value is not None
        if value.anchor:
            return value.anchor
        name = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        taken = set(_anchors(self.root)) if self.root else set()
        anchor = next(
            one for one in (name, *(f"{name}_{n}" for n in range(2, 999))) if one not in taken
        )
        name_node = next(pair[0] for pair in owner.resolved.pairs if pair[0].text == key)
        at = self.text.index(":", name_node.end) + 1
        self.replace(at, at, f" &{anchor}")
        return anchor

    def column(self, offset: int) -> int:
        """Return the column of a place, from 0."""
        return offset - (self.text.rfind("\n", 0, offset) + 1)

    def dash(self, item: Node) -> int:
        """Return where the dash of a block list's item is."""
        before = self.text[: item.start].rstrip(" \t")
        if before.endswith("-"):
            return len(before) - 1
        while before.endswith("\n"):
            at = before.rfind("\n", 0, -1) + 1
            if found := _LONE_DASH.match(before[:-1], at):
                return found.end() - 1
            if before[at:].strip() and not before[at:].lstrip().startswith("#"):
                break
            before = before[:at]
        raise self.unusual(item.line)


def _anchors(node: Node) -> list[str]:
    own = [node.anchor] if node.anchor and node.kind != "alias" else []
    children = [part for pair in node.pairs for part in pair] + node.items
    return own + [name for child in children for name in _anchors(child)]
