"""Every row and column of the sample, exported and read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from feature_store.definitions import FeatureDefinitions, load_definitions
from feature_store.online.connection import open_online_store
from feature_store.online.export import choose_views
from feature_store.online.read import get_online_features
from feature_store.raw.sql import identifier
from feature_store.settings import Settings, load_settings
from feature_store.warehouse import connect
from online_fixtures import (
    RedisServer,
    redis_server,
    run_script,
    script_environment,
)

#: Entities that are read at once.
CHUNK = 2_000


@pytest.fixture(scope="module")
def sample() -> Settings:
    """Return the settings of the sample's target."""
    return load_settings()


@pytest.fixture(scope="module")
def definitions(sample: Settings) -> FeatureDefinitions:
    """Return the sample's feature views."""
    return load_definitions(sample.target_path / "manifest.json")


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Return a server that holds what the export script sent, with its output."""
    with redis_server("--requirepass", "t0p-secret") as running:
        yield running


@pytest.fixture(scope="module")
def url(server: RedisServer) -> str:
    """Return the server's address, with its password."""
    return f"redis://:t0p-secret@127.0.0.1:{server.port}/0"


@pytest.fixture(scope="module")
def exported(url: str, server: RedisServer) -> str:
    """Export everything, and return what the script printed."""
    done = run_script("export_to_redis.py", environment=script_environment(REDIS_URL=url))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.usefixtures("exported")
def test_online_equals_offline_in_every_row_and_column(
    sample: Settings, definitions: FeatureDefinitions, url: str
):
    settings = Settings(**{**vars(sample), "redis_url": url})
    compared = 0
    with connect(sample.warehouse_path) as connection, open_online_store(settings) as client:
        for view in choose_views(definitions, []):
            keys = [key.name for key in view.entity]
            features = [feature.name for feature in view.features]
            columns = ", ".join(map(identifier, [*keys, *features]))
            rows = connection.execute(
                f"select feature_time, {columns} from {view.served_relation} "
                "where dbt_valid_to is null"
            ).fetchall()
            references = [f"{view.label}:{name}" for name in features]
            for start in range(0, len(rows), CHUNK):
                chunk = rows[start : start + CHUNK]
                answer = get_online_features(
                    client,
                    sample.prefix,
                    definitions,
                    [dict(zip(keys, row[1:], strict=False)) for row in chunk],
                    [view.label],
                )
                for row, read, times in zip(chunk, answer.rows, answer.feature_times, strict=True):
                    assert times[view.label] == row[0].replace(tzinfo=UTC)
                    online = [read[reference] for reference in references]
                    offline = [*map(with_zone, row[1 + len(keys) :])]
                    assert online == offline, (view.label, row)
                    assert [*map(type, online)] == [*map(type, offline)], (view.label, row)
                    compared += 1
        assert client.dbsize() == compared + len(choose_views(definitions, [])) + 1
    assert compared > 0


def with_zone(value: Any) -> Any:
    """Return a value of DuckDB as the online store gives it."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
