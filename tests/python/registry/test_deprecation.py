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
from support.projects.history_store import START, HistoryStore, changed_manifest, labels, opened
from support.projects.tiny_store import tiny_environment
from support.servers.redis_server import run_script

LAST = date(2026, 11, 30)
FORCED = "FEATURE_STORE_ALLOW_DEPRECATED"


def deprecate(store: HistoryStore, day: date, version: int = 1) -> None:
    """Let a version of purchases have a deprecation date, as dbt writes it."""
    with changed_manifest(store) as manifest:
        node = manifest["nodes"][f"model.tiny.purchases.v{version}"]
        node["deprecation_date"] = f"{day}T00:00:00+00:00"


def view(store: HistoryStore, version: int = 1) -> FeatureView:
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
def test_until_its_date_it_warns(days_before: int, changing_history):
    deprecate(changing_history, LAST)
    today = LAST - timedelta(days=days_before)
    assert warned(lambda: check_deprecation([view(changing_history)], today=today)) == [
        "feature view purchases:v1 is deprecated and may be read until 2026-11-30"
    ]


def test_after_its_date_it_is_refused(changing_history, monkeypatch: pytest.MonkeyPatch):
    deprecate(changing_history, LAST)
    today = LAST + timedelta(days=1)
    for other in (None, "0", ""):
        monkeypatch.delenv(FORCED, raising=False)
        if other is not None:
            monkeypatch.setenv(FORCED, other)
        with raises(
            "purchases:v1 should not be read any more",
            "2026-11-30\nNext: use another version, or allow it",
        ):
            check_deprecation([view(changing_history)], today=today)


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_after_its_date_it_can_be_forced(by, changing_history, monkeypatch):
    deprecate(changing_history, LAST)
    monkeypatch.setenv(FORCED, "1" if by == "environment" else "")
    today = LAST + timedelta(days=400)
    views = [view(changing_history), view(changing_history), view(changing_history, 2)]
    assert warned(
        lambda: check_deprecation(views, allow_deprecated=by == "argument", today=today)
    ) == ["feature view purchases:v1 should not be read any more since 2026-11-30"]


def test_other_versions_give_no_warning(changing_history):
    deprecate(changing_history, LAST)
    after = LAST + timedelta(days=1)
    assert warned(lambda: check_deprecation([view(changing_history, 2)], today=after)) == []
    assert view(changing_history).deprecation_date == LAST
    assert view(changing_history, 2).deprecation_date is None


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
def reading(changing_history, url: str) -> Iterator[FeatureStore]:
    with opened(changing_history.folder) as store:
        store.settings = replace(store.settings, redis_url=url, prefix="deprecated")
        yield store


@pytest.mark.parametrize("where", READS)
def test_both_stores_honour_the_date(where, changing_history, shared, monkeypatch):
    """The day that counts is the day on which it is read, in UTC."""
    monkeypatch.delenv(FORCED, raising=False)
    today = datetime.now(UTC).date()
    server = shared.unix_url
    deprecate(changing_history, today + timedelta(days=2))
    with reading(changing_history, server) as read:
        (message,) = warned(lambda: READS[where](read))
        assert "purchases:v1 is deprecated and may be read until" in message
    deprecate(changing_history, today - timedelta(days=2))
    with reading(changing_history, server) as read:
        with pytest.raises(FeatureStoreError, match="purchases:v1 should not be read any more"):
            READS[where](read)
        assert warned(lambda: LATEST[where](read)) == []
        (message,) = warned(lambda: READS[where](read, allow_deprecated=True))
        assert "purchases:v1 should not be read any more since" in message
        monkeypatch.setenv(FORCED, "1")
        assert warned(lambda: READS[where](read)) == [message]


def test_a_warning_names_the_line_that_reads(changing_history):
    deprecate(changing_history, datetime.now(UTC).date() + timedelta(days=2))
    with (
        opened(changing_history.folder) as store,
        pytest.warns(DeprecatedFeatureViewWarning) as caught,
    ):
        store.get_historical_features(labels(), ["purchases:v1"])
    assert [given.filename for given in caught] == [__file__]


def test_past_values_only_give_a_warning(changing_history):
    deprecate(changing_history, date(2020, 1, 1))
    done = run_script(
        "get_features_at.py",
        *("customer", "1", "--at", START.isoformat(), "--feature", "purchases:v1:orders_7d"),
        environment=tiny_environment(changing_history, None),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "warning feature view purchases:v1 should not be read any more since 2020-01-01\n"
    )
    assert "purchases:v1:orders_7d" in done.stdout
