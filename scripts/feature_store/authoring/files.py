"""Writes files all or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from feature_store.errors import FeatureStoreError


def write_all(contents: Mapping[Path, str | None], label: Callable[[Path], str]) -> None:
    """Write files, each at once; a None removes one.

    Everything that can be refused is, before the first file is changed.

    Raises:
        FeatureStoreError: a file or folder cannot be written.
    """
    drafts: dict[Path, Path] = {}
    made: list[Path] = []
    try:
        for path, text in contents.items():
            place = path.resolve()
            with _refused(label(path)):
                made += _made_folders(place.parent)
                if place.exists() and not os.access(place, os.W_OK):
                    raise PermissionError(13, "it is read-only")
                if text is not None:
                    drafts[place] = _draft(place, text)
                elif not os.access(place.parent, os.W_OK):
                    raise PermissionError(13, "its folder is read-only")
        for place, draft in drafts.items():
            os.replace(draft, place)
        for path, text in contents.items():
            if text is None:
                path.unlink(missing_ok=True)
    except BaseException:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


class _refused:  # noqa: N801 - used as a context manager
    """Turns the errors of one file into one that names it."""

    def __init__(self, name: str):
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise FeatureStoreError(
                f"{self._name}: cannot be written: {error.strerror}",
                next_step="let this user write it, then run again; nothing was changed",
            ) from error


def _made_folders(folder: Path) -> list[Path]:
    missing = [one for one in (folder, *folder.parents) if not one.exists()][::-1]
    for one in missing:
        one.mkdir()
    return missing


def _draft(place: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        if place.exists():
            shutil.copymode(place, draft)
        else:
            mask = os.umask(0)
            os.umask(mask)
            draft.chmod(0o666 & ~mask)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft
