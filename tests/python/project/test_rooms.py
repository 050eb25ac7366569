"""The rooms of the package, a file or folder each, import only from the floors below them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.paths import SCRIPTS

pytestmark = pytest.mark.unit

PACKAGE = SCRIPTS / "feature_store"
#: From the ground up. Rooms of one floor do not import each other.
FLOORS = (
    ("errors", "display", "file_locks"),
    ("times", "profiles", "warehouse", "files"),
    ("settings", "registry"),
    ("dbt", "raw", "cli", "online/layout", "starter"),
    ("historical", "online/connection", "authoring"),
    ("online/read",),
    ("online/check",),
    ("online/export",),
    ("store", "pipeline"),
    ("training", "explain"),
    ("cli/verbs",),
    # What a notebook imports.
    ("__init__",),
)
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def room_of(names: list[str]) -> str:
    """Return the room of a module of the package, given as the parts of its name."""
    if names[0] == "online" or names[:2] == ["cli", "verbs"]:
        return "/".join(names[:2])
    return names[0]


def imports_of(tree: ast.AST) -> Iterator[list[str]]:
    """Yield the modules of the package that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide the room"
            # In "from package import name", the name may be a module too.
            modules = [f"{node.module}.{name.name}" for name in node.names]
        else:
            continue
        for module in modules:
            package, *rest = module.split(".")
            if package == PACKAGE.name:
                assert rest, "the package as a whole is imported inside of it"
                yield rest


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if len(path.read_text().splitlines()) > 1)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_from_lower_floors_only(path: Path) -> None:
    """Imports for type checkers count too; without upward imports there is no cycle of rooms."""
    room = room_of([*path.relative_to(PACKAGE).with_suffix("").parts])
    assert room in FLOOR_OF, f"give the room {room} a floor"
    imported = {room_of(names) for names in imports_of(ast.parse(path.read_text()))} - {room}
    upward = sorted(other for other in imported if FLOOR_OF[other] >= FLOOR_OF[room])
    assert not upward, f"{room}, on floor {FLOOR_OF[room]}, imports {', '.join(upward)}"


def test_every_room_of_the_table_exists() -> None:
    for room in FLOOR_OF:
        assert (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").is_file(), room
