"""The findings of a check of the online store: counts, examples, a summary and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import chain, zip_longest
from typing import Any

from feature_store.display import shortened, shown
from feature_store.errors import FeatureStoreError
from feature_store.online.check.online_rows import Unreadable
from feature_store.online.layout.decode import EXPORT_ALL
from feature_store.online.layout.metadata import Metadata, iso
from feature_store.registry.definitions import FeatureView

#: The kinds of differences; ``docs/operate/export.md`` describes each.
KINDS = ("missing", "expired", "stale", "different", "orphaned")
#: Examples that are shown of a view, and characters of a value in them.
EXAMPLES, MAX_WIDTH = 5, 60

EXPORT = "export again (feature-store export)"


@dataclass(frozen=True)
class Example:
    """One entity whose row online differs from the warehouse.

    Attributes:
        column: the feature that differs, or ``_feature_time``, ``(row)``, ``(TTL)`` or
            ``(foreign field)``; nothing where there is no row to compare.
        offline: the value in the warehouse, as text, or a note on what should be online.
        online: the value online, as text, or a note on what is there.
    """

    key: str
    kind: str
    column: str
    offline: str
    online: str

    def __str__(self) -> str:
        where = f"{self.kind}, {self.column}" if self.column else self.kind
        return f"{self.key}: {where}: offline {self.offline}, online {self.online}"


@dataclass(frozen=True)
class CheckedView:
    """The result of comparing one view's rows online with the warehouse.

    Attributes:
        metadata: of the view in the online store, when the check began.
        seed: chose the sample; the same seed chooses the same from the same snapshot.
        checked: entities with a current row that were compared.
        removed: entities without one whose keys should not exist.
        counts: entities by kind; each entity has one kind at most.
        columns: the number of rows that differ, by column; a row may differ in several.
        examples: at most ``EXAMPLES``, of every kind that was found.
        needs_full: whether only a full export repairs all of it.
    """

    view: FeatureView
    metadata: Metadata
    seed: int
    checked: int
    removed: int
    counts: dict[str, int]
    columns: dict[str, int]
    examples: list[Example]
    needs_full: bool
    seconds: float

    @property
    def is_exported(self) -> bool:
        """Whether the view was ever exported to this server; if not, nothing was compared."""
        return was_exported(self.metadata)

    @property
    def mismatches(self) -> int:
        """The number of entities whose rows differ."""
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        """The share of the checked entities, 0 to 1, that differ; 1 for a view never exported."""
        if not self.is_exported:
            return 1.0
        return self.mismatches / max(1, self.checked + self.removed)

    @property
    def next_step(self) -> str:
        """What repairs the differences."""
        return EXPORT_ALL if self.needs_full else EXPORT

    def summary(self) -> str:
        """Return the result in one line."""
        if not self.is_exported:
            return f"{self.view.label}: was never exported to this server"
        found = ", ".join(f"{self.counts[kind]:,} {kind}" for kind in KINDS if self.counts[kind])
        if self.columns:
            columns = (f"{name} ({rows:,})" for name, rows in [*self.columns.items()][:EXAMPLES])
            more = ", …" if len(self.columns) > EXAMPLES else ""
            found += f"; columns that differ: {', '.join(columns)}{more}"
        return (
            f"{self.view.label}: {self.mismatches:,} of {self.checked + self.removed:,} entities "
            f"({percent(self.share)}) differ from the warehouse: {found or 'none'}"
            + (
                "; the declaration has changed since the export"
                if is_redeclared(self.view, self.metadata)
                else ""
            )
        )

    def to_json(self, *, examples: bool = False) -> dict[str, Any]:
        """Return the result for JSON; examples, which hold values of features, only on request."""
        fields = self.metadata.fields
        return {
            "view": self.view.label,
            "is_exported": self.is_exported,
            "manifest_hash": fields.get("manifest_hash"),
            "watermark": iso(self.metadata.watermark) or None,
            "as_of": iso(self.metadata.as_of) or None,
            "checked": self.checked,
            "departed": self.removed,  # the name in the record of checks since its first version
            **{kind: self.counts[kind] for kind in KINDS},
            "columns": [{"column": name, "rows": rows} for name, rows in self.columns.items()],
            "share": self.share,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            **({"examples": [asdict(example) for example in self.examples]} if examples else {}),
        }


def was_exported(metadata: Metadata) -> bool:
    """Return whether an export of the view was ever completed."""
    return bool(metadata.fields.get("exported_at"))


def is_redeclared(view: FeatureView, metadata: Metadata) -> bool:
    """Return whether the view's declaration has changed since its rows were exported."""
    return metadata.fields.get("manifest_hash") != view.definition_hash


def percent(share: float) -> str:
    """Return a share in percent, with enough digits that only a share of 0 is 0%."""
    return f"{100 * share:.3g}%"


def check_share(
    checked: Iterable[CheckedView], max_mismatch: float, *, list_examples: bool = True
) -> None:
    """Check that in no view too many entities differ."""
    bad = [one for one in checked if not one.share <= max_mismatch]  # true for nan too
    if not bad:
        return
    lines = ["the online store does not hold what the warehouse serves"]
    for one in bad:
        lines.append(f"  - {one.summary()}")
        lines += [f"      {example}" for example in one.examples if list_examples]
    full = any(one.needs_full for one in bad)
    raise FeatureStoreError(
        "\n".join(lines),
        allowed=f"{percent(max_mismatch)} of a view's entities (--max-mismatch {max_mismatch:g})",
        next_step=EXPORT_ALL if full else EXPORT,
    )


@dataclass
class Findings:
    """Collects findings in bounded memory."""

    counts: Counter[str] = field(default_factory=Counter)
    columns: Counter[str] = field(default_factory=Counter)
    needs_full: bool = False
    _examples: dict[str, list[Example]] = field(default_factory=dict)

    def add(
        self, kind: str, key: str, differing: list[tuple[str, Any, Any]], *, full: bool
    ) -> None:
        """Add an entity.

        ``differing`` has column, value offline and value online; no column for a row as a whole.
        ``full`` says that only a full export repairs it.
        """
        self.counts[kind] += 1
        self.needs_full |= full
        self.columns.update({column for column, _, _ in differing if kind == "different"})
        listed = self._examples.setdefault(kind, [])
        if len(listed) < EXAMPLES:
            column, offline, online = differing[0]
            texts = [_text(offline), _text(online)]
            if texts[0] == texts[1]:
                texts = [
                    f"{text} ({type(value).__name__})"
                    for text, value in zip(texts, (offline, online), strict=True)
                ]
            listed.append(Example(key, kind, column, *texts))

    @property
    def examples(self) -> list[Example]:
        """The first of every kind, then the second of every kind, and so on."""
        turns = zip_longest(*(self._examples.get(kind, []) for kind in KINDS))
        return [example for example in chain.from_iterable(turns) if example][:EXAMPLES]


class Note(str):
    """A description in the place of a value."""


def _text(value: Any) -> str:
    """Return a value in one short line; text in quotes, so that ``'null'`` is not null."""
    if isinstance(value, Unreadable):
        return value.reason
    if isinstance(value, Note):
        return str(value)
    return shortened(repr(value) if isinstance(value, str) else shown(value), MAX_WIDTH)
