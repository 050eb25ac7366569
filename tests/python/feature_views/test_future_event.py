"""An event with a wrong time in the far future: rows served before and after its correction.

Real dbt and a real Redis, on the example of clicks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.projects.refresh_project import day, run_steps, write_project
from support.servers.redis_server import redis_server

pytestmark = pytest.mark.slow

VIEW = "visitor_clicks:v1"
ALL: dict[str, Any] = {"warehouse": "w", "interval": [None, None]}


def written(folder: Path) -> Path:
    """Write the project with one click of 2042, in a file of its own."""
    write_project(folder)
    (folder / "data/clicks_wrong.csv").write_text(
        "visitor_id,clicked_at,page,seconds\na,2042-01-01 10:00:00,home,3\n"
    )
    return folder


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the output of each step, and the online rows after some of them."""
    folder = written(tmp_path_factory.mktemp("future"))
    correct = "delete from raw.clicks where clicked_at > timestamp '2030-01-01'"
    steps = [
        ALL,
        {"online_to": "bad_event.json"},
        {"warehouse": "w", "build_as_of": "2042-01-02"},
        {"online_to": "served_2042.json"},
        {"warehouse": "w", "sql": correct},
        {"warehouse": "w", "interval": [day(0), day(3)]},
        {"warehouse": "w", "force": True},
        {"online_to": "forced.json"},
        {"warehouse": "w", "interval": [day(2), day(3)]},
        {"warehouse": "w", "interval": ["2041-01-01", "2042-01-01"]},
    ]
    with redis_server() as server:
        said = run_steps(folder, steps, REDIS_URL=server.unix_url)
    names = ("bad_event", "served_2042", "forced")
    return {"said": said} | {
        name: json.loads((folder / f"{name}.json").read_text())["w"] for name in names
    }


def features(story: dict[str, Any], name: str) -> dict[str, dict[str, str]]:
    """Return the rows that were online, by key, without those of the metadata."""
    return {key: row for key, row in story[name].items() if key.startswith("{")}


def test_an_event_of_2042_does_not_change_as_of(story: dict[str, Any]) -> None:
    assert story["said"][0] is None
    assert story["bad_event"][f"meta:{VIEW}"]["as_of"].startswith(day(3))
    rows = features(story, "bad_event").values()
    assert len(rows) == 7
    assert all(int(row["clicks_7d"]) > 0 for row in rows)


def test_an_as_of_in_the_future_can_be_corrected(story: dict[str, Any]) -> None:
    """The next run serves as of its interval's end; only one export needs to be forced."""
    assert {row["clicks_7d"] for row in features(story, "served_2042").values()} == {"0", "1"}
    _, as_2042, corrected, forced, again, _ = story["said"]
    assert (as_2042, forced, again) == (None, None, None)
    assert "as of 2042-01-02" in corrected
    assert "--force" in corrected
    assert features(story, "forced") == features(story, "bad_event")


def test_an_interval_that_ends_in_the_future_is_an_error(story: dict[str, Any]) -> None:
    assert story["said"][-1].startswith("END 2042-01-01 00:00:00 (UTC): lies in the future")
