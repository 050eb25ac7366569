"""Refreshes that are killed: the next run gives the same as without a kill."""

from __future__ import annotations

import json
import random
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.projects.refresh_project import (
    LOAD_COLUMNS,
    day,
    run_steps,
    run_to_end,
    start_script,
    tables,
    write_project,
)
from support.servers.redis_server import redis_server

pytestmark = pytest.mark.slow

KILLS = 6
RANGE = ("--start", day(0), "--end", day(3))


@dataclass
class Ends:
    """The warehouse and what was online, after kills and a run to its end, and of one run alone.

    Attributes:
        codes: how the runs ended that were to be killed.
        steps: how many of their steps these had said were done.
        killed: the warehouse's tables after the last run.
        plain: and of the run that was never killed.
        online: what was online of each, by prefix, then by key.
    """

    codes: list[int]
    steps: set[int]
    killed: dict[str, list[tuple[Any, ...]]]
    plain: dict[str, list[tuple[Any, ...]]]
    online: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    folder = tmp_path_factory.mktemp("clicks")
    write_project(folder)
    names = ("killed", "plain")
    warehouses = {name: folder / name / "feature_store.duckdb" for name in names}

    def variables(name: str) -> dict[str, str]:
        return {
            "FEATURE_STORE_WAREHOUSE": str(warehouses[name]),
            "FEATURE_STORE_PREFIX": name,
            "REDIS_URL": server.unix_url,
        }

    with redis_server() as server:
        began = time.monotonic()
        plain = run_to_end(folder, "refresh.py", *RANGE, **variables("plain"))
        seconds = time.monotonic() - began
        assert plain.returncode == 0, plain.stderr
        codes, steps = [], set()
        for part in parts():
            for _ in range(3):
                began = time.monotonic()
                code, done = kill_at(folder, seconds * part, variables("killed"))
                codes.append(code)
                steps.add(done)
                if code:
                    break
                # The run came to its end before: runs have become quicker than the first one.
                seconds = min(seconds, time.monotonic() - began)
        last = run_to_end(folder, "refresh.py", *RANGE, **variables("killed"))
        assert last.returncode == 0, last.stderr
        run_steps(folder, [{"online_to": "online.json"}], REDIS_URL=server.unix_url)
    online = json.loads((folder / "online.json").read_text())
    found = {name: tables(path, without=LOAD_COLUMNS) for name, path in warehouses.items()}
    return Ends(codes, steps, found["killed"], found["plain"], online)


def parts() -> list[float]:
    """Return after which part of their time to kill runs, one in each sixth of it, in any order."""
    chance = random.Random(11)
    return chance.sample([(number + chance.random()) / KILLS for number in range(KILLS)], KILLS)


def kill_at(folder: Path, seconds: float, variables: dict[str, str]) -> tuple[int, int]:
    """Kill a run after some seconds; return how it ended and how many steps were done by then."""
    run = start_script(folder, "refresh.py", *RANGE, **variables)
    try:
        out, _ = run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.kill()
        out, _ = run.communicate()
    return run.returncode, len(out.splitlines())


def test_runs_were_killed_in_several_of_their_steps(ends: Ends) -> None:
    assert ends.codes.count(-9) >= KILLS - 2
    assert {*ends.codes} <= {-9, 0}
    assert len(ends.steps) > 1


def test_the_warehouse_equals_that_of_a_run_that_was_never_killed(ends: Ends) -> None:
    assert ends.killed == ends.plain
    assert len(ends.plain['"features"."visitor_clicks_v1"']) > 10


def test_online_rows_equal_those_of_a_run_that_was_never_killed(ends: Ends) -> None:
    rows = {
        name: {key: row for key, row in ends.online[name].items() if not key.startswith("meta")}
        for name in ("killed", "plain")
    }
    assert rows["killed"] == rows["plain"]
    assert len(rows["plain"]) == 7
