"""The drop of one day -> record batches of the bronze tables. A bad file never costs its day."""

from __future__ import annotations

import contextlib
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
    """A file of the drop can't be opened or read. That is no fault of its content, so the day isn't split."""


class SplitFailed(HealthlakeError):
    """The splitter itself failed. Its exception may quote a record, so only the class of that is told."""


def split_day(
    files: Iterable[SourceFile],
    dt: datetime.date,
    tables: Mapping[str, str],
    *,
    batch_bytes: int = BATCH_BYTES,
    progress: Callable[[SplitProgress], None] | None = None,
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Splits the files of day `dt`. Yields pairs of table name and batch, `bronze_file` last and always.

    `tables` maps the resource types that have a bronze table to its name. Their shape is checked; all
    others go to `bronze_other`. The rows depend on paths and bytes, never on the order of `files`. Of
    files with equal content one is split: the first by form (document, lines, unknown), then path. Bad
    content raises nothing; `FileNotReadable` where raw fails, `SplitFailed` where this code does. Neither
    names a path or a value.
    """
    reader, batches = RecordReader(tables), Batches(dt, tables, batch_bytes)
    kinds: dict[str, str] = {}
    done = SplitProgress(0, 0, 0)
    ordered = sorted(files, key=lambda file: (form_of(file.path), file.path))
    for number, file in enumerate(ordered, 1):
        where = f"splitting the drop of {dt}: file {number} of {len(ordered)} (.json first, then by path)"
        with _silent(where):
            found = fingerprint(file)
        is_repeat = found.file_id in kinds
        if is_repeat:
            counts = FileCounts(kinds[found.file_id])
        else:
            report = _reporter(progress, done, file, found)
            with _silent(f"{where}, file_id {found.file_id},"):
                counts = yield from split_file(file, found, reader, batches, report)
        kinds[found.file_id] = counts.kind
        batches.add_file(_file_row(file, found, is_repeat, counts))
        done = SplitProgress(number, done.bytes + file.size_bytes, done.entries + counts.entries)
        if progress:
            progress(done)
    yield from batches.rest()


@contextlib.contextmanager
def _silent(where: str) -> Iterator[None]:
    """Raises errors without what they quote."""
    try:
        yield
    except OSError as error:
        raise FileNotReadable(
            f"{where} can't be read ({type(error).__name__}). Make it readable, then run the day again."
        ) from None
    except Exception as error:
        raise SplitFailed(
            f"{where} failed ({type(error).__name__}). This is a bug of the splitter."
        ) from None


def _reporter(
    progress: Callable[[SplitProgress], None] | None,
    before: SplitProgress,
    file: SourceFile,
    found: Fingerprint,
) -> Callable[[int, int], None]:
    """Reports from inside a file: of its bytes as they lie in raw, the share that is done of its content."""

    def report(offset: int, entries: int) -> None:
        if progress:
            share = file.size_bytes * offset // max(found.content_bytes, 1)
            progress(SplitProgress(before.files, before.bytes + share, before.entries + entries))

    return report


def _file_row(file: SourceFile, found: Fingerprint, is_repeat: bool, counts: FileCounts) -> FileRow:
    return FileRow(
        file.column_path,
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
