"""What is to be split of a drop, and its rows of `bronze_file` when that is done. Pure and cheap: all that it
needs is in the looks."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from healthlake.split.batches import FileRow, file_batch
from healthlake.split.errors import SplitFailed
from healthlake.split.exports import NO_TERMS, Terms, terms_of
from healthlake.split.form import Form, form_of
from healthlake.split.look import Layout, LineRange, Look
from healthlake.split.outcome import Deletion, Outcome, Resource
from healthlake.split.reasons import Reason


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a drop that is split by itself: a file, or a range of its lines. Plain data like a `Look`,
    whose fields it has, with the terms of its export."""

    path: str = field(repr=False)
    file_id: str
    content_bytes: int
    layout: Layout
    fault: Reason | None
    lines: LineRange
    terms: Terms = NO_TERMS

    @property
    def is_file(self) -> bool:
        return self.lines.end - self.lines.start == self.content_bytes


def reading_order(path: str) -> tuple[Form, str]:
    """Files are taken in this order: by form (document, lines, unknown), then path. Of files with equal
    content the first is split."""
    return form_of(path), path


def plan(looks: Iterable[Look]) -> list[Piece]:
    """What is to be split, in the order of files and lines. It depends on the looks, never on their order."""
    ordered = sorted(looks, key=lambda found: reading_order(found.path))
    terms = terms_of_looks(ordered)
    seen: set[str] = set()
    pieces: list[Piece] = []
    for found in ordered:
        if found.file_id not in seen:
            pieces += pieces_of(found, terms.get(found.path, NO_TERMS))
        seen.add(found.file_id)
    return pieces


def terms_of_looks(looks: Sequence[Look]) -> dict[str, Terms]:
    """The terms of the files of a drop by path, from the looks at all of them."""
    return terms_of((found.path for found in looks), (found for found in looks if found.manifest))


def pieces_of(found: Look, terms: Terms = NO_TERMS) -> list[Piece]:
    """The pieces of a file."""
    ranges = found.ranges or (LineRange(0, found.content_bytes, 1),)
    return [
        Piece(found.path, found.file_id, found.content_bytes, found.layout, found.fault, lines, terms)
        for lines in ranges
    ]


@dataclass(slots=True)
class FileCounts:
    """What became of the entries of a file or piece. `kind` is as in `bronze_file`, `content_bytes` what the
    counts are of."""

    kind: str
    resources: int = 0
    deletions: int = 0
    quarantined: int = 0
    content_bytes: int = 0
    unreadable_times: int = 0

    @property
    def entries(self) -> int:
        return self.resources + self.deletions + self.quarantined

    def count(self, outcome: Outcome) -> None:
        if type(outcome) is Resource:
            self.resources += 1
            self.unreadable_times += outcome.is_time_unreadable
        elif type(outcome) is Deletion:
            self.deletions += 1
            self.unreadable_times += outcome.is_time_unreadable
        else:
            self.quarantined += 1

    def add(self, other: FileCounts) -> None:
        """Adds those of another piece of the file."""
        self.resources += other.resources
        self.deletions += other.deletions
        self.quarantined += other.quarantined
        self.content_bytes += other.content_bytes
        self.unreadable_times += other.unreadable_times


def file_rows(
    looks: Iterable[Look],
    counts: Iterable[tuple[str, FileCounts]],
    dt: datetime.date,
    terms: Mapping[str, Terms] | None = None,
) -> pa.RecordBatch:
    """The rows of `bronze_file` of day `dt`, by path, from the looks at all files and the counts of all
    pieces, each with its file_id, both in any order. `terms` are those of the drop where `looks` are at a
    part of it.

    `SplitFailed` where pieces of a file are missing or counted twice.
    """
    of_content: dict[str, FileCounts] = {}
    for file_id, each in counts:
        of_content.setdefault(file_id, FileCounts(each.kind)).add(each)
    ordered = sorted(looks, key=lambda found: reading_order(found.path))
    terms = terms_of_looks(ordered) if terms is None else terms
    seen: set[str] = set()
    rows: list[FileRow] = []
    for found in ordered:
        file_id, whole = found.file_id, of_content.get(found.file_id)
        if whole is None or whole.content_bytes != found.content_bytes:
            raise SplitFailed(
                f"counting the rows of the drop of {dt}: the counts of file_id {file_id} aren't those of its"
                " whole content, once. This is a bug of the splitter."
            )
        own = FileCounts(whole.kind) if file_id in seen else whole
        rows.append(_file_row(found, own, file_id in seen, terms.get(found.path, NO_TERMS)))
        seen.add(file_id)
    return file_batch(rows, dt)


def _file_row(found: Look, counts: FileCounts, is_repeat: bool, terms: Terms) -> FileRow:
    return FileRow(
        found.path,
        found.file_id,
        found.size_bytes,
        found.content_bytes,
        counts.kind,
        is_repeat,
        counts.entries,
        counts.resources,
        counts.deletions,
        counts.quarantined,
        terms.expected_entries,
        counts.unreadable_times,
    )
