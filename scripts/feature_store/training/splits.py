"""Rules that split the rows of a training set, with the same macros as in dbt models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from feature_store.dbt.macros import ProjectMacros
from feature_store.errors import FeatureStoreError, near_names
from feature_store.warehouse.sql import identifier

#: The column that holds a row's split.
SPLIT = "split"
SPLITS = ("train", "validation", "test")
#: The file of a split, in its folder.
PART = "part-0.parquet"


@dataclass(frozen=True)
class SplitRule:
    """A rule that gives each row its split; rows without one are left out.

    Attributes:
        rule: ``time``, ``hash``, ``column`` (of the labels) or ``none`` (one split, ``train``).
        arguments: those of the macro ``time_split`` or ``hash_split``, except the columns.
        entity: the key columns, for ``hash``.
    """

    rule: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    entity: tuple[str, ...] = ()

    def sql(self, macros: ProjectMacros, time: str) -> str:
        """Return the SQL of a row's split."""
        if self.rule == "time":
            return macros.time_split(identifier(time), **self.arguments)
        if self.rule == "hash":
            return macros.hash_split(list(self.entity), **self.arguments)
        return SPLIT if self.rule == "column" else "'train'"

    def to_json(self) -> dict[str, Any]:
        """Return the rule for a metadata file."""
        entity = {"entity": [*self.entity]} if self.entity else {}
        return {"rule": self.rule, **entity, **self.arguments}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> SplitRule:
        """Read the rule of a metadata file."""
        arguments = {k: v for k, v in content.items() if k not in ("rule", "entity")}
        return cls(content["rule"], arguments, tuple(content.get("entity", ())))

    def __str__(self) -> str:
        parts = [f"{name} {value}" for name, value in self.arguments.items()]
        if self.entity:
            parts.insert(0, "entity " + ", ".join(self.entity))
        return self.rule + (f" ({', '.join(parts)})" if parts else "")


NO_RULE = SplitRule("none")


def split_by_time(bounds: str, label_window: str | None = None) -> SplitRule:
    """Return the rule of ``<validation from>,<test from>``, both UTC.

    Args:
        bounds: two times, joined with a comma.
        label_window: how far a label looks ahead, such as ``28d``: rows this near to the next split
            belong to no split.
    """
    parts = [part.strip() for part in bounds.split(",")]
    if len(parts) != 2 or not all(parts):
        raise FeatureStoreError(
            f"split by time: {bounds!r} cannot be read",
            allowed="when validation and test begin, such as 2017-09-01,2017-11-01",
            next_step="give two times, joined with a comma",
        )
    arguments = {"validation_from": parts[0], "test_from": parts[1]}
    if label_window is not None:
        arguments["label_window"] = label_window
    return SplitRule("time", arguments)


def split_by_hash(shares: str, entity: Sequence[str], seed: int = 0) -> SplitRule:
    """Return the rule of ``<train>,<validation>,<test>``, whole per cents that add up to 100.

    Args:
        shares: three numbers, joined with commas.
        entity: key columns of the labels; rows of one entity fall into one split.
        seed: another seed assigns the entities to other splits.
    """
    if not re.fullmatch(r"\s*\d+\s*,\s*\d+\s*,\s*\d+\s*", shares):
        raise FeatureStoreError(
            f"split by hash: {shares!r} cannot be read",
            allowed="three whole per cents that add up to 100, such as 80,10,10",
            next_step="give three numbers, joined with commas",
        )
    numbers = dict(zip(SPLITS, map(int, shares.split(",")), strict=True))
    return SplitRule("hash", {**numbers, "seed": seed}, tuple(entity))


def check_rule(rule: SplitRule, columns: Sequence[str]) -> SplitRule:
    """Return the rule for labels with these columns.

    Without a rule, a column ``split`` of the labels is the rule, in upper or lower case as in SQL.
    """
    has_split = SPLIT in [name.lower() for name in columns]
    if rule.rule == "none":
        return SplitRule("column") if has_split else rule
    if has_split and rule.rule != "column":
        raise FeatureStoreError(
            f"the labels have a column {SPLIT!r}, and a rule to split them is given",
            next_step="leave one of them out",
        )
    for key in rule.entity:
        if key not in columns:
            raise FeatureStoreError(
                f"split by hash: the labels have no column {key!r}",
                allowed=near_names(key, columns),
                next_step="name a key column of the labels",
            )
    return rule
