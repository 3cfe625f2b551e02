"""The drop of one day -> record batches of the bronze tables. A bad file never costs its day."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.split.batches import BATCH_BYTES, Batches
from healthlake.split.exports import NO_TERMS, Terms, terms_of
from healthlake.split.look import Look, look_and_keep, look_at_manifest
from healthlake.split.piece import split_piece
from healthlake.split.plan import FileCounts, file_rows, pieces_of, reading_order
from healthlake.split.record import RecordReader
from healthlake.split.source import SourceFile


@dataclass(frozen=True, slots=True)
class SplitProgress:
    """How far a day is: files, bytes (as they lie in raw) and entries that are done."""

    files: int
    bytes: int
    entries: int


def split_day(
    files: Iterable[SourceFile],
    dt: datetime.date,
    tables: Mapping[str, str],
    *,
    batch_bytes: int = BATCH_BYTES,
    progress: Callable[[SplitProgress], None] | None = None,
    terms: Mapping[str, Terms] | None = None,
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Splits the files of day `dt`. Yields pairs of table name and batch, `bronze_file` last and always.

    `tables` maps the resource types that have a bronze table to its name. Their shape is checked; all
    others go to `bronze_other`. The rows depend on paths and bytes, never on the order of `files`. Of
    files with equal content one is split: the first by form (document, lines, unknown), then path. Bad
    content raises nothing; `FileNotReadable` where raw fails, `SplitFailed` where this code does. Neither
    names a path or a value. `terms` are those of the whole drop where `files` are a part of it.
    """
    reader, batches = RecordReader(tables), Batches(dt, tables, batch_bytes)
    looks: list[Look] = []
    counts: dict[str, FileCounts] = {}
    done = SplitProgress(0, 0, 0)
    ordered = sorted(files, key=lambda file: reading_order(file.column_path))
    terms = drop_terms(ordered, dt) if terms is None else terms
    for number, file in enumerate(ordered, 1):
        where = f"splitting the drop of {dt}: file {number} of {len(ordered)} (.json first, then by path)"
        found, content = look_and_keep(file, where=where)
        looks.append(found)
        entries = 0
        if found.file_id not in counts:
            (piece,) = pieces_of(found, terms.get(found.path, NO_TERMS))
            report = _reporter(progress, done, found)
            made = yield from split_piece(file, piece, reader, batches, report, content=content, where=where)
            counts[found.file_id], entries = made, made.entries
        done = SplitProgress(number, done.bytes + found.size_bytes, done.entries + entries)
        if progress:
            progress(done)
    yield from batches.rest()
    yield BRONZE_FILE.name, file_rows(looks, counts.items(), dt, terms)


def drop_terms(files: Sequence[SourceFile], dt: datetime.date) -> dict[str, Terms]:
    """The terms of the files of a drop by path. Of a file that is no manifest only the head is read."""
    where = f"looking for manifests in the drop of {dt}"
    looks = (look_at_manifest(file, where=where) for file in files)
    return terms_of((file.column_path for file in files), [found for found in looks if found])


def _reporter(
    progress: Callable[[SplitProgress], None] | None, before: SplitProgress, found: Look
) -> Callable[[int, int], None]:
    """Reports from inside a file: of its bytes as they lie in raw, the share that is done of its content."""

    def report(offset: int, entries: int) -> None:
        if progress:
            share = found.size_bytes * offset // max(found.content_bytes, 1)
            progress(SplitProgress(before.files, before.bytes + share, before.entries + entries))

    return report
