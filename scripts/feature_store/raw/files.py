"""The files of a source table: paths, formats, reading, and the sha256 of their bytes."""

from __future__ import annotations

import glob
import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, cast

from feature_store.errors import FeatureStoreError
from feature_store.raw.load_config import format_of_name
from feature_store.raw.sources import RawTable

_PACKAGE = "package:"
_SKIPPED_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Attributes:
        label: its name in ``_source_file``: the path relative to the project, or
            ``package:<package>/<path>``.
        gzipped: whether the file is read through gzip.
        encoding: the encoding of the original; ``path`` holds UTF-8 text.
    """

    path: Path
    label: str
    format: str
    gzipped: bool
    encoding: str = "utf-8"

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file's content, unzipped."""
        try:
            with (
                cast(BinaryIO, gzip.open(self.path, "rb"))
                if self.gzipped
                else open(self.path, "rb") as stream
            ):
                yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FeatureStoreError(
                f"{self.label}: the gzip file is broken or cut off: {error}",
                allowed="a complete gzip file",
                next_step="fetch the file again (gzip -t checks it)",
            ) from error
        except OSError as error:
            raise unreadable(self.label, error) from error


class AwaitedFileError(FeatureStoreError):
    """The error for a file that may come later: it is missing or empty."""


class NoFilesError(AwaitedFileError):
    """The error for a table whose path matches no file; the files may come later."""


def bounded_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[bytes, bool]]:
    """Yield each line of at most ``limit`` bytes with its line feed, and whether it was longer."""
    while line := stream.readline(limit + 1):
        is_cut = len(line) > limit and not line.endswith(b"\n")
        yield line, is_cut
        rest = line if is_cut else b"\n"
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_SKIPPED_AT_ONCE)


def unreadable(label: str, error: OSError) -> FeatureStoreError:
    """Return the error for a file that the operating system cannot read."""
    return FeatureStoreError(
        f"{label}: cannot be read: {error.strerror or error}",
        allowed="a file that this user may read",
        next_step="check the path and the file's permissions",
    )


def _format_of(table: RawTable, label: str) -> tuple[str, bool]:
    """Return a file's format and whether it is gzipped, by the declaration or its name."""
    gzipped = label.lower().endswith(".gz")
    kind = table.format or format_of_name(label)
    if kind is None or (kind == "parquet" and gzipped):
        raise FeatureStoreError(
            f"{label}: the format is not clear from the file's name",
            allowed="*.csv, *.csv.gz, *.jsonl, *.jsonl.gz, *.ndjson, *.ndjson.gz, *.parquet",
            next_step=f"set config.meta.load.format of {table.declaration}",
        )
    return kind, gzipped


def _root(table: RawTable, project_dir: Path) -> tuple[Path, str, str]:
    """Return the folder that the path starts from, the label's prefix, and the rest of it."""
    if not table.path.startswith(_PACKAGE):
        return project_dir, "", table.path
    package, _, rest = table.path.removeprefix(_PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise FeatureStoreError(
            f"{table.path}: the Python package {package!r} is not installed",
            allowed=f"{_PACKAGE}<installed package>/<file in it>",
            next_step=f"pip install {package}, or correct {table.declaration}",
        )
    return Path(next(iter(spec.submodule_search_locations))), f"{_PACKAGE}{package}/", rest


def _label(prefix: str, root: Path, name: str) -> str:
    full = Path(os.path.normpath(root / name))
    if full.is_relative_to(root):
        return prefix + full.relative_to(root).as_posix()
    return prefix + Path(os.path.normpath(name)).as_posix()


def resolve_files(table: RawTable, project_dir: Path) -> list[SourceFile]:
    """Return the files of a table, by name, each a non-empty regular file.

    Raises:
        NoFilesError: no file is there.
        AwaitedFileError: a file is empty, or a link to none.
        FeatureStoreError: a file is a directory, of an unknown format or out of reach.
    """
    root, prefix, rest = _root(table, project_dir)
    files = []
    for name in _file_names(table, root, prefix, rest):
        label, path = _label(prefix, root, name), root / name
        _check(path, label, table)
        kind, gzipped = _format_of(table, label)
        files.append(SourceFile(path, label, kind, gzipped))
    return files


def _file_names(table: RawTable, root: Path, prefix: str, rest: str) -> list[str]:
    """Return the paths of a table's files, relative to a folder, at least one."""
    if os.path.lexists(root / rest):
        return [rest]
    _check_folders(root, rest)
    is_glob = glob.has_magic(rest)
    found = glob.glob(rest, root_dir=root, recursive=True) if is_glob else []
    names = sorted(name for name in found if not (root / name).is_dir())
    if names:
        return names
    # An installed package does not get new files later: without a file, the path is wrong.
    error = FeatureStoreError if prefix else NoFilesError
    if is_glob:
        raise error(
            f"{table.path}: no file matches",
            allowed="a glob relative to the project that matches at least one file",
            next_step=f"check the files, or the path of {table.declaration}",
        )
    raise error(
        f"{_label(prefix, root, rest)}: no such file",
        allowed="a file or glob relative to the project",
        next_step=_put_or_correct(table),
    )


def _put_or_correct(table: RawTable) -> str:
    return f"put the file there, or correct the path of {table.declaration}"


def _check_folders(root: Path, rest: str) -> None:
    """Raise an error for a folder of the path that cannot be listed; glob finds nothing in it."""
    folder = root
    for part in Path(rest).parts[:-1]:
        if glob.has_magic(part):
            break
        folder /= part
    try:
        with os.scandir(folder) as entries:
            next(entries, None)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable(str(folder), error) from error


def _check(path: Path, label: str, table: RawTable) -> None:
    """Raise an error for a path that is not a readable file with content."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise AwaitedFileError(
            f"{label}: the file was removed, or is a link to a missing file",
            allowed="a file or glob relative to the project",
            next_step=_put_or_correct(table),
        ) from error
    except OSError as error:
        raise unreadable(label, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise FeatureStoreError(
            f"{label}: is a directory",
            allowed="a file or a glob",
            next_step=f"name the files in it, for instance {label}/*.csv",
        )
    if not stat.S_ISREG(status.st_mode):
        raise FeatureStoreError(
            f"{label}: is not a regular file",
            allowed="a file on a disk",
            next_step=f"correct the path of {table.declaration}",
        )
    if status.st_size == 0:
        raise empty(label)


def empty(label: str) -> AwaitedFileError:
    """Return the error for an empty file."""
    return AwaitedFileError(
        f"{label}: the file is empty",
        allowed="at least a header line (CSV), a line (JSON lines) or a schema (Parquet)",
        next_step="fetch the file again, or remove it",
    )


def fingerprint(file: SourceFile) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    try:
        with open(file.path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(file.label, error) from error
