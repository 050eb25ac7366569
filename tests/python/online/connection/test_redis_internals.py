"""Tests that private attributes of redis-py are used in one module only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.paths import SCRIPTS

pytestmark = pytest.mark.unit

PACKAGE = SCRIPTS / "feature_store"
INTERNALS = PACKAGE / "online" / "connection" / "redis_internals.py"
#: Attributes that are private although their names do not begin with an underscore.
UNDOCUMENTED = {"parent_execute_command", "local"}
MODULES = [
    *(path for path in PACKAGE.rglob("*.py") if "redis" in path.read_text()),
    *SCRIPTS.glob("*.py"),
]


def private_attributes(path: Path) -> Iterator[str]:
    """Yield the private attributes of other objects than ``self`` that a module uses."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            is_private = node.attr.startswith("_") and not node.attr.endswith("__")
            if (is_private and not is_own) or node.attr in UNDOCUMENTED:
                yield node.attr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SCRIPTS)))
def test_only_one_module_uses_private_attributes_of_redis_py(path: Path):
    expected = {"_sock", "_reader", "_available_connections", "_in_use_connections", "_writer"}
    found = {*private_attributes(path)}
    assert found == (expected | UNDOCUMENTED if path == INTERNALS else set())
