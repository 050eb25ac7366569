"""Calls the dbt project's own macros from Python.

The SQL of a point-in-time join is written once, in the macros, which dbt and Python both call: a
training set that Python builds and one that dbt builds come from the same SQL.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from jinja2 import Environment, FileSystemBytecodeCache, FunctionLoader, TemplateSyntaxError
from jinja2.bccache import Bucket

from feature_store.errors import FeatureStoreError
from feature_store.registry.manifest import own_packages


class Relation(str):
    """A relation for macros: its quoted name, with the identifier alone as an attribute."""

    identifier: str

    def __new__(cls, quoted: str, identifier: str) -> Relation:
        """Make the text, with its identifier."""
        relation = super().__new__(cls, quoted)
        relation.identifier = identifier
        return relation


class _Return(Exception):  # noqa: N818 - no error
    """Leaves a macro with the value of ``return()``."""

    def __init__(self, value: Any):
        super().__init__()
        self.value = value


def _return(value: Any = "") -> NoReturn:
    raise _Return(value)


def _refuse(message: str) -> NoReturn:
    raise FeatureStoreError(message, next_step="correct what is named here, then try again")


class _CompiledMacros(FileSystemBytecodeCache):
    """Compiled macros in a folder, each with a checksum of its text; damaged ones are ignored."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # what unpickling a damaged file raises
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        # Where the folder cannot be written, macros are compiled each time.
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


class ProjectMacros:
    """The macros of a manifest, as attributes: ``macros.point_in_time_join(...)`` returns SQL.

    Only macros that make text from their arguments work: there is no graph, no adapter and no
    variable here. A compiler error of a macro is raised as a FeatureStoreError.

    Args:
        manifest: dbt's.
        cache: a folder for compiled macros, created where it is missing: to compile those of a join
            takes longer than the join of a small spine.
    """

    def __init__(self, manifest: dict[str, Any], cache: Path | None = None):
        macros = [*manifest.get("macros", {}).values()]
        # Ours come last: a macro of the project with the name of one of ours does not replace it,
        # as in dbt, where ours are called as feature_store.<name>.
        self._sql = {
            macro["name"]: macro["macro_sql"]
            for package in reversed(own_packages(manifest))
            for macro in macros
            if macro["package_name"] == package
        }
        self._packages = own_packages(manifest)
        self._made: dict[str, Any] = {}
        self._cache = cache

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            extensions=["jinja2.ext.do"],
            autoescape=False,
            loader=FunctionLoader(self._source),
            bytecode_cache=_CompiledMacros(str(self._cache)) if self._cache else None,
        )
        environment.globals |= {
            **dict.fromkeys(self._packages, self),
            "execute": True,
            "return": _return,
            "modules": SimpleNamespace(re=re),
            "exceptions": SimpleNamespace(raise_compiler_error=_refuse),
        }
        return environment

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _source(self, name: str) -> str:
        # Jinja does not export names that begin with an underscore.
        return re.sub(rf"(\bmacro\s+){name}\b", r"\1macro_called", self._sql[name], count=1)

    def _make(self, name: str) -> Any:
        if name not in self._sql:
            raise FeatureStoreError(
                f"the dbt project has no macro {name!r}", next_step="run dbt parse, then try again"
            )
        try:
            template = self._environment.get_template(name)
        except TemplateSyntaxError as error:
            raise FeatureStoreError(
                f"macro {name} cannot be read: {error}",
                next_step="correct the macro, then run dbt parse",
            ) from error
        macro = template.module.macro_called

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return str(macro(*args, **kwargs))
            except _Return as returned:
                return returned.value

        return call
