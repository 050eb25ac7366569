"""Python commands run to their end as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def run_python(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a Python command; ``options`` are those of :func:`subprocess.run`."""
    options = {"capture_output": True, "text": True, "check": False} | options
    return subprocess.run([sys.executable, *map(str, arguments)], **options)


def environment_without(*prefixes: str) -> dict[str, str]:
    """Return the environment without the variables whose names begin so."""
    return {name: text for name, text in os.environ.items() if not name.startswith(prefixes)}
