"""Random declarations: what is written for them is up to date, and dbt reads it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.projects.zoo_project import ZooProject

pytestmark = pytest.mark.slow

_CALLS = ["count(*)", "sum(price)", "max(weight)", "count(distinct keeper)", "avg(minutes)"]
_TEXTS = st.sampled_from(
    ["Visits", "Paid: all, of it", "It's 5 # p.m.", 'A "quoted" {window}', "Größe", "yes", "- 1"]
)
_WINDOWS = st.lists(st.sampled_from(["1d", "7d", "4w", "lifetime"]), min_size=1, unique=True)
_AGGREGATE = st.fixed_dictionaries(
    {"sql": st.sampled_from(_CALLS)},
    optional={
        "description": _TEXTS,
        "unit": st.sampled_from(["euros", "kg, net"]),
        "min": st.just(0),
    },
)
_DECLARATION = st.fixed_dictionaries(
    {
        "entity": st.sampled_from([["animal_id"], ["animal_id", "keeper"]]),
        "events": st.sampled_from(["ref('visits')", "visits", "source('gate', 'entries')"]),
        "event_time": st.just("visited_at"),
        "windows": _WINDOWS,
        "aggregates": st.dictionaries(
            st.sampled_from(["visits", "order", "a_b", "x7"]), _AGGREGATE, min_size=1
        ),
    },
    optional={"online": st.just({"ttl": "60d"}), "grain": st.just("1d")},
)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(declarations=st.lists(_DECLARATION, min_size=1, max_size=3), block=st.booleans())
def test_what_is_written_is_up_to_date_and_can_be_parsed(
    made_zoo: ZooProject, tmp_path: Path, declarations: list[dict[str, Any]], block: bool
) -> None:
    shutil.rmtree(tmp_path / "zoo", ignore_errors=True)
    zoo = made_zoo.copied(tmp_path / "zoo")
    models = [
        {"name": f"view_{number}", "config": {"meta": {"feature_view": declaration}}}
        for number, declaration in enumerate(declarations)
    ]
    # Lines of the models are below each other; what they hold is in braces or not.
    text = yaml.safe_dump(
        {"models": models}, sort_keys=False, allow_unicode=True, default_flow_style=False
    )
    if not block:
        text = "models:\n"
        for one in models:
            config = yaml.safe_dump(
                one["config"], default_flow_style=True, width=9999, sort_keys=False
            )
            text += f"- name: {one['name']}\n  config: {config}"
    zoo.write("models/all.yml", text)
    zoo.complete()
    before = zoo.files()
    assert zoo.complete(check=True).changes == []
    assert zoo.files() == before
    zoo.dbt.parse()
