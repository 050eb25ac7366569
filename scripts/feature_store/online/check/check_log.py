"""The record of checks: one JSON line for each view and check."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from feature_store.errors import FeatureStoreError
from feature_store.file_locks import lock
from feature_store.online.check.findings import CheckedView
from feature_store.settings import Settings

#: A file of this size is renamed ``<target>.1.jsonl``, in the place of the one before.
_MAX_BYTES = 16 << 20


def check_log_path(settings: Settings) -> Path:
    """Return the file in which the checks of a target are recorded."""
    return settings.target_path / "consistency" / f"{settings.target}.jsonl"


def record_check(settings: Settings, checked: CheckedView, *, by: str) -> None:
    """Append a check's result to the record."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"time": now, "by": by, **checked.to_json()}, ensure_ascii=False) + "\n"
    path = check_log_path(settings)
    try:
        _append(path, line.encode())
    except OSError as error:
        raise FeatureStoreError(
            f"{path}: the check cannot be recorded: {error.strerror or error}",
            next_step="make the folder writable, with space on its disk",
        ) from error


def _append(path: Path, line: bytes) -> None:
    """Write the whole line or nothing of it, one process at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as handle:
        lock(handle)
        if path.exists() and path.stat().st_size + len(line) > _MAX_BYTES:
            path.replace(path.with_suffix(".1.jsonl"))
        with path.open("ab", buffering=0) as file:
            before = os.fstat(file.fileno()).st_size
            if file.write(line) != len(line):
                file.truncate(before)
                raise OSError("the disk is full")
