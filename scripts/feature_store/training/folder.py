"""The folder of a training set: complete, or as it was before."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from feature_store.errors import FeatureStoreError
from feature_store.file_locks import lock
from feature_store.training import metadata
from feature_store.training.splits import PART, SPLIT

_ALLOWED = "a new or empty folder, or one with a training set and nothing else, which is replaced"


def check_folder(out: Path) -> Path:
    """Check that a training set may stand in a folder, or take the place of what stands there.

    Args:
        out: the folder as it was given; a link stays one.

    Returns:
        the folder, absolute.

    Raises:
        FeatureStoreError: it holds something that is no part of a training set, or cannot be
            written.
    """
    try:
        str(out).encode()
        folder = out.resolve()
        if folder in (Path.cwd(), Path(folder.anchor)):
            raise FeatureStoreError(f"{out}: is the folder {folder}", allowed="a folder below it")
        _name(folder, "x" * 8 + "-old").exists()  # A name that is too long is an error.
        if folder.exists():
            _check_content(folder)
        else:
            _check_parent(folder)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        # Such a name may have characters that no terminal can show.
        name = str(out).encode(errors="backslashreplace").decode()
        raise FeatureStoreError(
            f"{name}: cannot be written: {reason}", allowed="the path of a folder that can be made"
        ) from error
    return folder


def _check_content(out: Path) -> None:
    if not out.is_dir():
        raise FeatureStoreError(f"{out}: is no folder", next_step="name another one")
    if not any(out.iterdir()):
        return
    # Whatever else it holds may be large, so not all of it is looked at.
    files = (path.relative_to(out) for path in out.rglob("*") if not path.is_dir())
    foreign = islice(
        (path for path in files if str(path) != metadata.FILE and not _is_part(path)), 5
    )
    names = sorted(map(str, foreign))
    if not names and not metadata.is_metadata(out):
        names = sorted(path.name for path in islice(out.iterdir(), 5))
    if names:
        raise FeatureStoreError(
            f"{out}: the folder holds something that is no training set: " + ", ".join(names),
            allowed=_ALLOWED,
        )


def _check_parent(out: Path) -> None:
    """Check, before hours of work, that the folder can be made."""
    parent = next(path for path in out.parents if path.exists())
    if not parent.is_dir():
        raise FeatureStoreError(
            f"{out}: cannot be written: {parent} is no folder", next_step="name another one"
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise FeatureStoreError(
            f"{out}: cannot be written: no permission in {parent}",
            allowed="a folder that this user can make",
        )


def _name(out: Path, end: str) -> Path:
    """Return the path of a folder in the making."""
    return out.with_name(f".{out.name}-new-{end}")


def _is_part(path: Path) -> bool:
    return len(path.parts) == 2 and path.parts[0].startswith(f"{SPLIT}=") and path.name == PART


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Hand out a folder that takes the place of ``out`` if all goes well, or else vanishes.

    What a killed process leaves is beside it: ``.<name>-new-…``, and for an instant, in which the
    two change places, ``.<name>-new-…-old``. The next one removes what no living process holds.

    Args:
        out: the folder, absolute.

    Raises:
        FeatureStoreError: it cannot be written there.
    """
    with contextlib.ExitStack() as locks:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(out)
            folder = _make(out, locks)
        except OSError as error:
            raise FeatureStoreError(
                f"{out}: cannot be written: {error.strerror}", allowed="a folder that can be made"
            ) from error
        old = folder.with_name(folder.name + "-old")
        try:
            folder.chmod(0o755)
            yield folder
            try:
                if out.exists():
                    # Without locks, as in _make, nothing is taken for abandoned.
                    with contextlib.suppress(OSError):
                        locks.enter_context(_locked(out))
                    os.rename(out, old)
                os.rename(folder, out)
            except OSError as error:
                raise FeatureStoreError(
                    f"{out}: cannot be replaced: {error.strerror}", next_step="name another folder"
                ) from error
        finally:
            if old.exists() and not out.exists():
                with contextlib.suppress(OSError):
                    os.rename(old, out)
            shutil.rmtree(old, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


def _make(out: Path, locks: contextlib.ExitStack) -> Path:
    """Make a folder beside ``out``, and lock it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_name(out, "").name, dir=out.parent))
        # Between the two, another process may have taken it for abandoned.
        try:
            locks.enter_context(_locked(folder))
        except FileNotFoundError:
            continue
        except OSError:  # a file system without locks, on which nothing is taken for abandoned
            return folder
        if folder.exists():
            return folder


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Lock a folder for the length of the block, and yield whether it is locked."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield lock(descriptor, wait=wait)
    finally:
        os.close(descriptor)


def _remove_abandoned(out: Path) -> None:
    """Remove what killed processes left of their training sets for this folder."""
    name = re.compile(re.escape(_name(out, "").name) + r"\w{8}(-old)?")
    left = [path for path in out.parent.iterdir() if name.fullmatch(path.name)]
    for path in sorted(left):
        if path.is_symlink() or not path.is_dir():
            continue
        with contextlib.suppress(OSError), _locked(path, wait=False) as is_abandoned:
            if not is_abandoned:
                continue
            if path.name.endswith("-old") and not out.exists():
                os.rename(path, out)  # What stood there when the two changed places.
            else:
                shutil.rmtree(path, ignore_errors=True)
