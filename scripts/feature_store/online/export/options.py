"""Options, result and progress of an export."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from feature_store.online.check.findings import CheckedView
from feature_store.online.connection.online_store import OnlineStore
from feature_store.online.export.delta import Delta
from feature_store.registry.definitions import FeatureDefinitions, FeatureView
from feature_store.settings import Settings


@dataclass(frozen=True)
class ExportOptions:
    """The options of an export.

    Attributes:
        views: labels such as ``customer_purchases`` or ``customer_purchases:v1``; none is all.
        full: send everything, and remove whatever else the keys hold.
        force: send everything too, over rows of a later time.
        sample: entities that are read back and compared of each view to which something was sent; 0
            none; None all, of every view.
        max_mismatch: the share of them that may differ.
        wait_seconds: how long to wait for another exporter.
    """

    views: tuple[str, ...] = ()
    full: bool = False
    force: bool = False
    sample: int | None = 10_000
    max_mismatch: float = 0.0
    wait_seconds: float = 60.0


@dataclass(frozen=True)
class ExportedView:
    """The result of the export of one view.

    Attributes:
        reason: why everything was sent, or ``CHANGES``.
        served: rows that are online now.
        checked: the result of reading a sample back; None where none was read.
        last_export: when the export before this one ended (UTC, the server's clock).
        sampled: keys whose state was read, where nothing was sent.
        missing: those of them that are not online.
    """

    view: FeatureView
    reason: str
    rows: int
    deleted: int
    served: int
    sent_bytes: int
    seconds: float
    checked: CheckedView | None = None
    last_export: str = ""
    sampled: int = 0
    missing: int = 0


class ExportProgress:
    """Callbacks of an export; these do nothing."""

    def message(self, line: str) -> None:
        """There is a line for the user."""

    def view_started(self, delta: Delta) -> None:
        """A view is about to be sent."""

    def rows_sent(self, view: FeatureView, rows: int) -> None:
        """The server has taken so many rows; called from other threads."""

    def view_finished(self, exported: ExportedView) -> None:
        """A view is complete, with its metadata; called again when it was verified."""


@dataclass(frozen=True)
class ExportContext:
    """The project, the open warehouse and the open online store of one export."""

    settings: Settings
    options: ExportOptions
    definitions: FeatureDefinitions
    connection: duckdb.DuckDBPyConnection
    store: OnlineStore
    progress: ExportProgress
