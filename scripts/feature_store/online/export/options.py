"""What is asked of an export, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import redis
from redis.cluster import RedisCluster

from feature_store.online.check.findings import CheckedView
from feature_store.online.export.delta import Changes
from feature_store.registry.definitions import FeatureDefinitions, FeatureView
from feature_store.settings import Settings


@dataclass(frozen=True)
class ExportOptions:
    """What a user may ask of an export.

    Attributes:
        views: labels such as ``customer_purchases`` or ``customer_purchases:v1``; none is all.
        full: send everything, and remove whatever else the keys hold.
        force: send everything too, over rows of a later time.
        sample: entities that are read back and compared of each view to which something was sent; 0
            none; None all, of every view.
        max_mismatch: the share of them that may differ.
        wait_seconds: how long another exporter is waited for.
    """

    views: tuple[str, ...] = ()
    full: bool = False
    force: bool = False
    sample: int | None = 10_000
    max_mismatch: float = 0.0
    wait_seconds: float = 60.0


@dataclass(frozen=True)
class ExportedView:
    """What the export of one view did.

    Attributes:
        view: the feature view's version.
        reason: why everything was sent, or ``CHANGES``.
        rows: rows that were written.
        deleted: entities whose keys were deleted.
        served: rows that are online now.
        sent_bytes: bytes of the commands.
        seconds: time that it took.
        checked: what reading a sample back found; None where none was read.
        last_export: when the export before this one ended (UTC, the server's clock).
        looked: keys that were looked for where nothing was sent.
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
    looked: int = 0
    missing: int = 0


class Watcher:
    """Is told how an export goes on; this one takes no notice."""

    def said(self, line: str) -> None:
        """Take a line for the user."""

    def began(self, changes: Changes) -> None:
        """A view is about to be sent."""

    def sent(self, view: FeatureView, rows: int) -> None:
        """The server has taken so many rows; called from other threads."""

    def finished(self, exported: ExportedView) -> None:
        """A view is complete; its metadata are written. Comes again when it was checked."""


@dataclass(frozen=True)
class ExportContext:
    """The project, the open warehouse and the open online store of one export.

    Attributes:
        settings: the project's.
        options: of the export.
        definitions: the project's feature views.
        connection: the warehouse.
        client: the online store.
        watcher: is told how the export goes on.
    """

    settings: Settings
    options: ExportOptions
    definitions: FeatureDefinitions
    connection: duckdb.DuckDBPyConnection
    client: redis.Redis | RedisCluster
    watcher: Watcher
