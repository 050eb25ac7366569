"""The result of loading one raw table: counts, notes, a warning or an error."""

from __future__ import annotations

from dataclasses import dataclass, field

from feature_store.display import counted
from feature_store.errors import FeatureStoreError
from feature_store.raw.internal_names import ROW_NUMBER


@dataclass
class LoadResult:
    """The result of loading one raw table.

    Attributes:
        read: the rows that were read: of whole files, or of the interval in them.
        skipped: the rows that were in the raw table already with the same content.
        rejected: the malformed rows put into ``raw_rejects``.
        warning: why the table was not loaded although that is no error, or None.
        error: why nothing of the table was changed, or None.
    """

    name: str
    files: int = 0
    read: int = 0
    loaded: int = 0
    skipped: int = 0
    rejected: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    warning: str | None = None
    error: FeatureStoreError | None = None


@dataclass
class FileCounts:
    """The numbers of a table's files that were skipped or treated in a special way.

    Attributes:
        unchanged: files whose rows are in the raw table already.
        outside: files that were not read because none of their rows is in the interval.
        renumbered: files with the same rows, loaded again to number them.
        rows_without_time: rows without an event time, which an interval load leaves out.
    """

    unchanged: int = 0
    outside: int = 0
    renumbered: int = 0
    rows_without_time: int = 0

    def notes(self, files: int, event_time: str | None, by_interval: bool) -> list[str]:
        """Return a line for the user for each number that is not zero."""

        def some(number: int) -> str:
            return "file" if files == 1 else f"{number} of {files} files"

        notes = []
        if self.unchanged:
            kind = "interval" if by_interval else "content"
            notes.append(f"{some(self.unchanged)} skipped: the same {kind} is loaded already")
        if self.outside:
            notes.append(f"{some(self.outside)} not read: no row in the interval when last read")
        if self.renumbered:
            notes.append(
                f"{counted(self.renumbered, 'file')} loaded again to number the rows "
                f"({ROW_NUMBER}); the content and _loaded_at stay"
            )
        if self.rows_without_time:
            notes.append(
                f"{counted(self.rows_without_time, 'row')} without {event_time}: only a load "
                "without --start and --end takes them"
            )
        return notes
