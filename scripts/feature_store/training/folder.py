"""The folder of a training set: complete, or as it was before."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feature_store.errors import FeatureStoreError
from feature_store.training import metadata
from feature_store.training.splits import PART, SPLIT


def check_folder(out: Path) -> None:
    """Check that a training set may stand in a folder, or take the place of what stands there.

    Raises:
        FeatureStoreError: it holds something that is no part of a training set.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise FeatureStoreError(f"{out}: is no folder", next_step="name another one")
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir())
    foreign = [name for name in names if name != metadata.FILE and not _is_part(Path(name))]
    if (names and (foreign or not metadata.is_metadata(out))) or (not names and any(out.iterdir())):
        raise FeatureStoreError(
            f"{out}: the folder holds something that is no training set: "
            + ", ".join(foreign[:5] or names[:5] or sorted(p.name for p in out.iterdir())[:5]),
            allowed="a new or empty folder, or one with a training set and nothing else, which is "
            "replaced",
        )


def _is_part(path: Path) -> bool:
    return len(path.parts) == 2 and path.parts[0].startswith(f"{SPLIT}=") and path.name == PART


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Hand out a folder that takes the place of ``out`` if all goes well, or else vanishes.

    What a killed process leaves is beside it: ``.<name>-new-…``, and for an instant, in which the
    two change places, ``.<name>-new-…-old``.

    Args:
        out: the folder, absolute.

    Raises:
        FeatureStoreError: it cannot be written there.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-new-", dir=out.parent))
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
