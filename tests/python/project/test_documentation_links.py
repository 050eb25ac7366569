"""Every relative link of the Markdown pages leads to a file, and to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.documentation import PAGES, name_of, prose
from support.paths import REPOSITORY

pytestmark = pytest.mark.unit

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", flags=re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    titles = [
        re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title) for title in _HEADING.findall(prose(page))
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links(page: Path) -> None:
    broken = []
    for link in _LINK.findall(prose(page)):
        if re.match("https?:|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_an_index() -> None:
    """From docs/README.md, every page of docs/ is one or two links away."""
    index = REPOSITORY / "docs/README.md"
    reached = {index}
    for page in (index, *REPOSITORY.glob("docs/*/README.md")):
        paths = [link.partition("#")[0] for link in _LINK.findall(page.read_text())]
        reached |= {(page.parent / path).resolve() for path in paths if path}
    assert {page for page in PAGES if REPOSITORY / "docs" in page.parents} - reached == set()


def test_pages_that_the_code_names_exist() -> None:
    """Messages, comments and docstrings name pages as docs/guides/training_sets.md."""
    missing = []
    for folder in ("scripts", "macros", "models", "benchmarks", "snapshots", "tests"):
        for file in (REPOSITORY / folder).rglob("*.*"):
            if file.suffix in (".py", ".sql", ".yml"):
                named = re.findall(r"docs/[\w/]+\.md", file.read_text())
                missing += [
                    (name_of(file), page) for page in named if not (REPOSITORY / page).exists()
                ]
    assert missing == []
