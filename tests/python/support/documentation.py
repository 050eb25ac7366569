"""The project's Markdown pages: their text, code, and the commands that they show with output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from support.paths import REPOSITORY

README = REPOSITORY / "README.md"
TOUR = REPOSITORY / "docs/tour.md"
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^ {4}\S.*$", flags=re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Transcript:
    """A command of a page, and the lines that the page shows as its output."""

    command: str
    output: list[str]


def name_of(page: Path) -> str:
    """Return a page's path in the repository."""
    return str(page.relative_to(REPOSITORY))


def blocks(page: Path, *languages: str) -> list[str]:
    """Return a page's fenced blocks in the given languages; "" is a block without one."""
    return [text for language, text in _FENCE.findall(page.read_text()) if language in languages]


def prose(page: Path) -> str:
    """Return a page's text without its fenced blocks."""
    return _FENCE.sub("", page.read_text())


def code(page: Path) -> list[str]:
    """Return what a page shows as code: blocks (a continued line is one), and inline code."""
    text = prose(page)
    fenced = [text.replace("\\\n", " ") for _, text in _FENCE.findall(page.read_text())]
    return [*fenced, *_INDENTED.findall(text), *_INLINE.findall(_INDENTED.sub("", text))]


def transcripts(page: Path) -> list[Transcript]:
    """Return a page's commands that begin with ``$``, with what is shown below each."""
    found = []
    for block in blocks(page, "", "console"):
        for part in re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            found.append(Transcript(" ".join(command.split()), output))
    return found


def transcript(page: Path, start: str) -> Transcript:
    """Return the only transcript whose command begins with a text."""
    [found] = [shown for shown in transcripts(page) if shown.command.startswith(start)]
    return found


def table_rows(lines: list[str]) -> list[list[str]]:
    """Return the cells of a table's rows, drawn with bars or set off by two spaces."""
    rows = []
    for line in lines:
        if re.search("[│┃|]", line):
            cells = [cell.strip() for cell in re.split("[│┃|]", line)[1:-1]]
            if not all(set(cell) <= {"-"} for cell in cells):
                rows.append(cells)
        elif not re.search("[━─]", line):
            rows.append(re.split(r"\s{2,}", line.strip()))
    return rows


def without_column(rows: list[list[str]], name: str) -> list[list[str]]:
    """Return rows without the column of that name in their first row."""
    place = rows[0].index(name)
    return [row[:place] + row[place + 1 :] for row in rows]
