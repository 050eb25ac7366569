"""Deprecated versions: a warning before their date, an error after it, unless it is allowed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from feature_store import FeatureStore, FeatureStoreError
from feature_store.registry.definitions import FeatureView
from feature_store.registry.deprecation import DeprecatedFeatureViewWarning, check_deprecation
from support.errors import raises
from support.projects.history_store import START, HistoryStore, change_manifest, labels, opened
from support.servers.redis_server import run_script, script_environment

LAST = date(2026, 11, 30)
FORCED = "FEATURE_STORE_ALLOW_DEPRECATED"


@pytest.fixture
def tiny(history: HistoryStore) -> Iterator[HistoryStore]:
    """Return the project; its manifest is restored at the end of the test."""
    manifest = history.folder / "target" / "manifest.json"
    kept = manifest.read_text()
    yield history
    manifest.write_text(kept)


def deprecate(store: HistoryStore, day: date, version: int = 1) -> None:
    """Let a version of purchases have a deprecation date, as dbt writes it."""

    def change(manifest: dict[str, Any]) -> None:
        node = manifest["nodes"][f"model.tiny.purchases.v{version}"]
        node["deprecation_date"] = f"{day}T00:00:00+00:00"

    change_manifest(store, change)


def view(store: HistoryStore, version: int = 1) -> FeatureView:
    """Return a version of purchases."""
    return store.definitions.view("purchases", version)


def warned(read: Callable[[], Any]) -> list[str]:
    """Return the warnings of deprecated versions that a call gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read()
    return [
        str(given.message)
        for given in caught
        if issubclass(given.category, DeprecatedFeatureViewWarning)
    ]


@pytest.mark.parametrize("days_before", [1, 0])
def test_until_its_date_it_warns(days_before: int, tiny: HistoryStore):
    deprecate(tiny, LAST)
    today = LAST - timedelta(days=days_before)
    assert warned(lambda: check_deprecation([view(tiny)], today=today)) == [
        "feature view purchases:v1 is deprecated and may be read until 2026-11-30"
    ]


def test_after_its_date_it_is_refused(tiny: HistoryStore, monkeypatch: pytest.MonkeyPatch):
    deprecate(tiny, LAST)
    today = LAST + timedelta(days=1)
    for other in (None, "0", ""):
        monkeypatch.delenv(FORCED, raising=False)
        if other is not None:
            monkeypatch.setenv(FORCED, other)
        with raises(
            "purchases:v1 should not be read any more",
            "2026-11-30\nNext: use another version, or allow it",
        ):
            check_deprecation([view(tiny)], today=today)


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_after_its_date_it_can_be_forced(by, tiny, monkeypatch):
    deprecate(tiny, LAST)
    monkeypatch.setenv(FORCED, "1" if by == "environment" else "")
    today = LAST + timedelta(days=400)
    views = [view(tiny), view(tiny), view(tiny, 2)]
    assert warned(
        lambda: check_deprecation(views, allow_deprecated=by == "argument", today=today)
    ) == ["feature view purchases:v1 should not be read any more since 2026-11-30"]


def test_other_versions_give_no_warning(tiny: HistoryStore):
    deprecate(tiny, LAST)
    after = LAST + timedelta(days=1)
    assert warned(lambda: check_deprecation([view(tiny, 2)], today=after)) == []
    assert view(tiny).deprecation_date == LAST
    assert view(tiny, 2).deprecation_date is None


READS = {
    "offline": lambda store, **forced: store.get_historical_features(
        labels(), ["purchases:v1:orders_7d", "affinity"], **forced
    ).to_arrow(),
    "online": lambda store, **forced: store.get_online_features(
        [{"customer_id": 1}], ["purchases:v1:orders_7d"], **forced
    ),
}
LATEST = {
    "offline": lambda store: store.get_historical_features(labels(), ["purchases"]).to_arrow(),
    "online": lambda store: store.get_online_features([{"customer_id": 1}], ["purchases"]),
}


@contextmanager
def reading(tiny: HistoryStore, url: str) -> Iterator[FeatureStore]:
    """Open the project's feature store with an online store on a server."""
    with opened(tiny) as store:
        store.settings = replace(store.settings, redis_url=url, prefix="deprecated")
        yield store


@pytest.mark.parametrize("where", READS)
def test_both_stores_honour_the_date(where, tiny, shared, monkeypatch):
    """The day that counts is the day on which it is read, in UTC."""
    monkeypatch.delenv(FORCED, raising=False)
    today = datetime.now(UTC).date()
    server = shared.unix_url
    deprecate(tiny, today + timedelta(days=2))
    with reading(tiny, server) as read:
        (message,) = warned(lambda: READS[where](read))
        assert "purchases:v1 is deprecated and may be read until" in message
    deprecate(tiny, today - timedelta(days=2))
    with reading(tiny, server) as read:
        with pytest.raises(FeatureStoreError, match="purchases:v1 should not be read any more"):
            READS[where](read)
        assert warned(lambda: LATEST[where](read)) == []
        (message,) = warned(lambda: READS[where](read, allow_deprecated=True))
        assert "purchases:v1 should not be read any more since" in message
        monkeypatch.setenv(FORCED, "1")
        assert warned(lambda: READS[where](read)) == [message]


def test_a_warning_names_the_line_that_reads(tiny: HistoryStore):
    deprecate(tiny, datetime.now(UTC).date() + timedelta(days=2))
    with opened(tiny) as store, pytest.warns(DeprecatedFeatureViewWarning) as caught:
        store.get_historical_features(labels(), ["purchases:v1"])
    assert [given.filename for given in caught] == [__file__]


def test_past_values_only_give_a_warning(tiny: HistoryStore):
    deprecate(tiny, date(2020, 1, 1))
    environment = script_environment(
        FEATURE_STORE_PROJECT_DIR=str(tiny.folder), DBT_TARGET=None, DBT_TARGET_PATH=None
    )
    done = run_script(
        "get_features_at.py",
        *("customer", "1", "--at", START.isoformat(), "--feature", "purchases:v1:orders_7d"),
        environment=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "warning feature view purchases:v1 should not be read any more since 2020-01-01\n"
    )
    assert "purchases:v1:orders_7d" in done.stdout
