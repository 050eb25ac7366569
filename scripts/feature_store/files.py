"""Writes text files all or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from feature_store.errors import FeatureStoreError


def write_all(contents: Mapping[Path, str | None], label: Callable[[Path], str] = str) -> None:
    """Write files, each at once; a None removes one. A link stays one, and permissions stay.

    What can be refused is refused before the first file is changed; after another error the files
    that were changed are as before.

    Args:
        contents: the texts by path.
        label: makes the name of a file for messages.

    Raises:
        FeatureStoreError: a file or folder cannot be written.
    """
    drafts: dict[Path, Path] = {}
    made: list[Path] = []
    before: dict[Path, tuple[bytes, int] | None] = {}
    try:
        for path, text in contents.items():
            with _refused(label(path)):
                _prepare(path.resolve(), text, drafts, made)
        for path, text in contents.items():
            place = path.resolve()
            with _refused(label(path)):
                there = place.exists()
                old = (place.read_bytes(), place.stat().st_mode & 0o7777) if there else None
                if text is None:
                    path.unlink(missing_ok=True)
                else:
                    os.replace(drafts[place], place)
                before[place] = old
    except BaseException:
        for place, old in before.items():
            with suppress(OSError):
                _restore(place, old)
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


def _prepare(place: Path, text: str | None, drafts: dict[Path, Path], made: list[Path]) -> None:
    """Write the draft of a file, and make the folders for it; both are added to what is given."""
    for one in [one for one in (place.parent, *place.parent.parents) if not one.exists()][::-1]:
        one.mkdir()
        made.append(one)
    if place.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError(13, "it is read-only")
    if text is not None:
        drafts[place] = _draft(place, text)
    elif not os.access(place.parent, os.W_OK):
        raise PermissionError(13, "its folder is read-only")


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


def _restore(place: Path, old: tuple[bytes, int] | None) -> None:
    if old is None:
        place.unlink()
    else:
        place.write_bytes(old[0])
        place.chmod(old[1])


@contextmanager
def _refused(name: str) -> Iterator[None]:
    """Turn the errors of one file into one that names it."""
    try:
        yield
    except OSError as error:
        raise FeatureStoreError(
            f"{name}: cannot be written: {error.strerror}",
            next_step="let this user write it, then run again; nothing was changed",
        ) from error
