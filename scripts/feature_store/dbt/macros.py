"""The dbt project's own macros, run outside of dbt.

The SQL of a point-in-time join is written once, in the macros; dbt and Python both take it from
there, so a training set that Python builds and one that dbt builds come from the same SQL.
"""

from __future__ import annotations

import re
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NoReturn

from jinja2 import Environment, TemplateSyntaxError

from feature_store.errors import FeatureStoreError


class Relation(str):
    """A relation as macros see it: its quoted name, and the identifier alone.

    Args:
        quoted: the name as it stands in SQL, ``"features"."customer_purchases_v2"``.
        identifier: the table's name without schema and quotes.
    """

    identifier: str

    def __new__(cls, quoted: str, identifier: str) -> Relation:
        """Make the text, with its identifier."""
        relation = super().__new__(cls, quoted)
        relation.identifier = identifier
        return relation


class _Return(Exception):  # noqa: N818 - no error
    """How ``return()`` leaves a macro."""

    def __init__(self, value: Any):
        super().__init__()
        self.value = value


def _return(value: Any = "") -> NoReturn:
    raise _Return(value)


def _refuse(message: str) -> NoReturn:
    raise FeatureStoreError(message)


class ProjectMacros:
    """The macros of a manifest, as attributes: ``macros.point_in_time_join(...)`` returns SQL.

    Only macros that make text of their arguments work: there is no graph, no adapter and no
    variable here. What a macro raises as a compiler error is a FeatureStoreError.

    Args:
        manifest: dbt's ``manifest.json``.
    """

    def __init__(self, manifest: dict[str, Any]):
        project = manifest["metadata"]["project_name"]
        self._sql = {
            macro["name"]: macro["macro_sql"]
            for macro in manifest.get("macros", {}).values()
            if macro["package_name"] == project
        }
        self._project = project
        self._made: dict[str, Any] = {}

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)
        environment.globals |= {
            self._project: self,
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

    def _make(self, name: str) -> Any:
        if name not in self._sql:
            raise FeatureStoreError(
                f"the dbt project has no macro {name!r}", next_step="run dbt parse, then try again"
            )
        try:
            # Jinja hands out no name that begins with an underscore.
            sql = re.sub(rf"(\bmacro\s+){name}\b", r"\1macro_called", self._sql[name], count=1)
            template = self._environment.from_string(sql)
        except TemplateSyntaxError as error:
            raise FeatureStoreError(f"macro {name} cannot be read: {error}") from error
        macro = template.module.macro_called

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return str(macro(*args, **kwargs))
            except _Return as returned:
                return returned.value

        return call
