"""Files to add or change, written all or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from feature_store.errors import FeatureStoreError, bullets


def check_free(folder: Path, names: Sequence[str]) -> None:
    """Refuse to overwrite a file.

    Raises:
        FeatureStoreError: names every file that is there already.
    """
    there = [name for name in names if os.path.lexists(folder / name)]
    if there:
        raise FeatureStoreError(
            f"{folder}: these files are there already, and nothing was written{bullets(there)}",
            allowed="a folder without them",
            next_step="move them away, or run init in another folder",
        )


def write_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Write new files below a folder; after an error none of them is there.

    Raises:
        FeatureStoreError: the folder or a file cannot be written.
    """
    written: list[Path] = []
    made: list[Path] = []
    try:
        for name, text in texts.items():
            path = folder / name
            made += _make_folders(path.parent)
            with path.open("x", encoding="utf-8", newline="") as stream:
                written.append(path)
                stream.write(text)
    except BaseException as error:
        _undo(written, made)
        if isinstance(error, OSError):
            raise FeatureStoreError(
                f"{error.filename or folder}: cannot be written: {error.strerror}",
                next_step="check the folder and the disk, then try again; nothing was left behind",
            ) from error
        raise


def replace_text(path: Path, text: str) -> None:
    """Replace a file's text in one step, or create the file; its permissions stay.

    Raises:
        FeatureStoreError: it cannot be written; then it is as before.
    """
    target = path.resolve()  # a link stays one
    temporary = None
    try:
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and not os.access(target, os.W_OK):
            raise PermissionError(13, "it is read-only", str(path))
        number, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with open(number, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(temporary).chmod(mode & 0o7777 if mode is not None else 0o644)
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
        raise FeatureStoreError(
            f"{path}: cannot be written: {error.strerror}; it is as before",
            next_step="make it writable, then try again",
        ) from error


def _make_folders(folder: Path) -> list[Path]:
    missing = [one for one in (folder, *folder.parents) if not one.exists()][::-1]
    for one in missing:
        one.mkdir()
    return missing


def _undo(written: Sequence[Path], made: Sequence[Path]) -> None:
    for path in written:
        with suppress(OSError):
            path.unlink()
    for one in reversed(made):
        with suppress(OSError):
            one.rmdir()
