"""Python commands as processes of their own."""

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


def start_python(
    code: str, *arguments: str | Path, env: dict[str, str]
) -> tuple[subprocess.Popen[str], int]:
    """Start Python code that waits on stdin; return the process and the number it prints first."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, int(process.stdout.readline())


def environment_without(*prefixes: str) -> dict[str, str]:
    """Return the environment without the variables whose names begin so."""
    return {name: text for name, text in os.environ.items() if not name.startswith(prefixes)}
