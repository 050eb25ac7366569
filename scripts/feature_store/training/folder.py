"""Replaces the folder of a training set at once, by a complete one or not at all."""

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
_NEXT = "name another folder"


def check_folder(out: Path) -> Path:
    """Return an absolute folder, to which a training set can be written or which holds one."""
    try:
        str(out).encode()
        folder = out.resolve()
        if folder in (Path.cwd(), Path(folder.anchor)):
            raise FeatureStoreError(
                f"{out}: is the folder {folder}", allowed="a folder below it", next_step=_NEXT
            )
        _name(folder, "x" * 8 + "-old").exists()  # A name that is too long is an error.
        if folder.exists():
            _check_content(folder)
        else:
            _check_parent(folder)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        # The name may have characters that a terminal cannot show.
        name = str(out).encode(errors="backslashreplace").decode()
        raise FeatureStoreError(
            f"{name}: cannot be written: {reason}",
            allowed="the path of a folder that can be created",
            next_step=_NEXT,
        ) from error
    return folder


def _check_content(out: Path) -> None:
    if not out.is_dir():
        raise FeatureStoreError(f"{out}: is not a folder", next_step=_NEXT)
    if not any(out.iterdir()):
        return
    # The folder may hold any number of other files, so only the first ones are listed.
    files = (path.relative_to(out) for path in out.rglob("*") if not path.is_dir())
    foreign = islice(
        (path for path in files if str(path) != metadata.FILE and not _is_part(path)), 5
    )
    names = sorted(map(str, foreign))
    if not names and not metadata.is_metadata(out):
        names = sorted(path.name for path in islice(out.iterdir(), 5))
    if names:
        raise FeatureStoreError(
            f"{out}: the folder holds something that is not a training set: " + ", ".join(names),
            allowed=_ALLOWED,
            next_step="name another folder, or empty this one",
        )


def _check_parent(out: Path) -> None:
    """Check, before hours of work, that the folder can be created."""
    parent = next(path for path in out.parents if path.exists())
    if not parent.is_dir():
        raise FeatureStoreError(
            f"{out}: cannot be written: {parent} is not a folder", next_step=_NEXT
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise FeatureStoreError(
            f"{out}: cannot be written: no permission in {parent}",
            allowed="a folder that this user can create",
            next_step="name another folder, or allow this user to write there",
        )


def _name(out: Path, end: str) -> Path:
    return out.with_name(f".{out.name}-new-{end}")


def _is_part(path: Path) -> bool:
    return len(path.parts) == 2 and path.parts[0].startswith(f"{SPLIT}=") and path.name == PART


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder that replaces ``out`` if the block succeeds, and is removed if it fails.

    A killed process leaves its folder beside it: ``.<name>-new-…``, and, if it is killed between
    the two renames, ``.<name>-new-…-old``. The next call removes folders that are not locked.
    """
    with contextlib.ExitStack() as locks:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(out)
            folder = _make(out, locks)
        except OSError as error:
            raise FeatureStoreError(
                f"{out}: cannot be written: {error.strerror}",
                allowed="a folder that can be created",
                next_step=_NEXT,
            ) from error
        old = folder.with_name(folder.name + "-old")
        try:
            folder.chmod(0o755)
            yield folder
            try:
                if out.exists():
                    # On a file system without locks, as in _make, no folder counts as abandoned.
                    with contextlib.suppress(OSError):
                        locks.enter_context(_locked(out))
                    os.rename(out, old)
                os.rename(folder, out)
            except OSError as error:
                raise FeatureStoreError(
                    f"{out}: cannot be replaced: {error.strerror}", next_step=_NEXT
                ) from error
        finally:
            if old.exists() and not out.exists():
                with contextlib.suppress(OSError):
                    os.rename(old, out)
            shutil.rmtree(old, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


def _make(out: Path, locks: contextlib.ExitStack) -> Path:
    """Create a folder beside ``out``, and lock it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_name(out, "").name, dir=out.parent))
        # Before it is locked, another process may remove it as abandoned.
        try:
            locks.enter_context(_locked(folder))
        except FileNotFoundError:
            continue
        except OSError:  # a file system without locks, where no folder counts as abandoned
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
    """Remove the folders that killed processes left beside ``out``."""
    name = re.compile(re.escape(_name(out, "").name) + r"\w{8}(-old)?")
    left = [path for path in out.parent.iterdir() if name.fullmatch(path.name)]
    for path in sorted(left):
        if path.is_symlink() or not path.is_dir():
            continue
        with contextlib.suppress(OSError), _locked(path, wait=False) as is_abandoned:
            if not is_abandoned:
                continue
            if path.name.endswith("-old") and not out.exists():
                os.rename(path, out)  # the process was killed between the two renames
            else:
                shutil.rmtree(path, ignore_errors=True)
