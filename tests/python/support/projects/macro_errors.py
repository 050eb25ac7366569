"""The errors of dbt for macro calls with wrong arguments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from support.projects.compiled_project import compiled_with, write_project


def refused_calls(folder: Path, calls: list[str]) -> dict[str, Any]:
    """Return the result of dbt for each call, compiled one at a time in one process."""
    cases = "".join(
        f"{{% if var('as_of') == {number + 1} %}}{{{{ {call} }}}}{{% endif %}}\n"
        for number, call in enumerate(calls)
    )
    hint = "-- depends_on: {{ ref('events') }}\n"  # while dbt parses, it sees no call of a case
    write_project(folder, {"calls": f"{hint}{cases} select 1 as one"}, {})
    results = compiled_with(folder, [f"{{as_of: {number + 1}}}" for number in range(len(calls))])
    return dict(zip(calls, results, strict=True))


def assert_errors(message: Any, macro: str, errors: list[str]) -> None:
    """Check that a message lists these errors of a macro, in this order, and no other."""
    assert isinstance(message, str), f"no error: {message}"
    count = f"{macro}: {len(errors)} error{'s' if len(errors) > 1 else ''}\n"
    assert count in message
    lines = re.findall(r"^ +- (.*)$", message, re.MULTILINE)
    assert len(lines) == len(errors), message
    for line, error in zip(lines, errors, strict=True):
        assert re.search(".*".join(map(re.escape, error.split("…"))), line), message
