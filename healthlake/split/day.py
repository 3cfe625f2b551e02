"""The drop of one day -> record batches of the bronze tables. A bad file never costs its day."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from healthlake.errors import HealthlakeError
from healthlake.split.batches import BATCH_BYTES, Batches, FileRow
from healthlake.split.file import FileCounts, form_of, split_file
from healthlake.split.record import RecordReader
from healthlake.split.source import Fingerprint, SourceFile, fingerprint


@dataclass(frozen=True, slots=True)
class SplitProgress:
    """How far a day is: files, bytes (as they lie in raw) and entries that are done."""

    files: int
    bytes: int
    entries: int


class FileNotReadable(HealthlakeError):
    """A file of the drop can't be opened or read. Not a fault of its content, so the day isn't split."""


def split_day(
    files: Iterable[SourceFile],
    dt: datetime.date,
    tables: Mapping[str, str],
    *,
    batch_bytes: int = BATCH_BYTES,
    progress: Callable[[SplitProgress], None] | None = None,
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Splits the files of day `dt` and yields pairs of table name and batch, `bronze_file` last and always.

    `tables` maps the resource types that have a bronze table to its name; their shape is checked, and all others go
    to `bronze_other`. The result depends on paths and bytes only, never on the order of `files`. Of files with
    equal content one is split: the first by form (document, lines, unknown) and path. `FileNotReadable` where raw
    fails; bad content raises nothing.
    """
    reader, batches = RecordReader(tables), Batches(dt, tables, batch_bytes)
    kinds: dict[str, str] = {}
    done = SplitProgress(0, 0, 0)
    ordered = sorted(files, key=lambda file: (form_of(file.path), file.path))
    for file in ordered:
        try:
            found = fingerprint(file)
            if is_repeat := found.file_id in kinds:
                counts = FileCounts(kinds[found.file_id])
            else:
                report = _reporter(progress, done, file, found)
                counts = yield from split_file(file, found, reader, batches, report)
        except OSError as error:
            raise _not_readable(error, dt, done.files + 1, len(ordered)) from None
        kinds[found.file_id] = counts.kind
        batches.add_file(_file_row(file, found, is_repeat, counts))
        done = SplitProgress(done.files + 1, done.bytes + file.size_bytes, done.entries + counts.entries)
        if progress:
            progress(done)
    yield from batches.rest()


def _reporter(
    progress: Callable[[SplitProgress], None] | None,
    before: SplitProgress,
    file: SourceFile,
    found: Fingerprint,
) -> Callable[[int, int], None]:
    """Reports from inside a file: its share of bytes as they lie in raw is that of its content."""

    def report(offset: int, entries: int) -> None:
        if progress:
            share = file.size_bytes * offset // max(found.content_bytes, 1)
            progress(SplitProgress(before.files, before.bytes + share, before.entries + entries))

    return report


def _file_row(file: SourceFile, found: Fingerprint, is_repeat: bool, counts: FileCounts) -> FileRow:
    return FileRow(
        file.path,
        found.file_id,
        file.size_bytes,
        found.content_bytes,
        counts.kind,
        is_repeat,
        counts.entries,
        counts.resources,
        counts.deletions,
        counts.quarantined,
    )


def _not_readable(error: OSError, dt: datetime.date, number: int, of: int) -> FileNotReadable:
    """Says which file by its number: the path may name a patient, and there is no file_id yet."""
    return FileNotReadable(
        f"splitting the drop of {dt}: file {number} of {of} (.json first, then by path) can't be read"
        f" ({type(error).__name__}). Nothing was published. Make the file readable, then run the day again."
    )
