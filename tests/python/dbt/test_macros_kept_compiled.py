"""The folder in which ``ProjectMacros`` keeps compiled macros."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment

from feature_store.dbt.macros import ProjectMacros


def manifest(text: str) -> dict[str, object]:
    macro = {
        "name": "_greeting",
        "package_name": "feature_store",
        "macro_sql": "{% macro _greeting(name) %}" + text + " {{ name }}{% endmacro %}",
    }
    return {"metadata": {"project_name": "feature_store"}, "macros": {"a": macro}}


def greeting(text: str, folder: Path | None) -> str:
    return ProjectMacros(manifest(text), folder)._greeting("you")


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that Jinja compiles from now on."""
    found: list[str] = []
    compiled = Environment.compile

    def compile_macro(self, source, *args, **kwargs):
        found.append(source)
        return compiled(self, source, *args, **kwargs)

    monkeypatch.setattr(Environment, "compile", compile_macro)
    return found


def test_compiled_once(tmp_path: Path, compilations: list[str]):
    folder = tmp_path / "compiled"
    assert [greeting("Hello", folder) for _ in range(3)] == ["Hello you"] * 3
    assert len(compilations) == 1
    assert greeting("Good day", folder) == "Good day you"
    assert len(compilations) == 2


def test_damaged_files_are_ignored(tmp_path: Path, compilations: list[str]):
    greeting("Hello", tmp_path)
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", b"x", whole[:20], whole[:-5], whole[:14] + b"\xff" * 40):
        file.write_bytes(damaged)
        assert greeting("Hello", tmp_path) == "Hello you"
        assert file.read_bytes() == whole
    assert len(compilations) == 6


def test_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    assert greeting("Hello", tmp_path / "file") == "Hello you"
    assert greeting("Hello", tmp_path / "missing" / "folder") == "Hello you"
    assert greeting("Hello", None) == "Hello you"
