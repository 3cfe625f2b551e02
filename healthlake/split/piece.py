"""One piece of a drop (a file, or a range of its lines) -> its rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterable, Iterator

import msgspec
import pyarrow as pa

from healthlake.split.batches import Batches
from healthlake.split.bundle import read_bundle
from healthlake.split.entry import StatedTime
from healthlake.split.errors import silent
from healthlake.split.form import Form, form_of
from healthlake.split.lines import BOM, DOCUMENT_BYTES, Line, read_lines
from healthlake.split.look import Layout
from healthlake.split.outcome import Fault, Outcome, Refused, Run
from healthlake.split.plan import FileCounts, Piece
from healthlake.split.reasons import Reason
from healthlake.split.record import RecordReader
from healthlake.split.salvage import salvage
from healthlake.split.scanner import Scanner
from healthlake.split.source import SourceFile, read_blocks, read_range

_PROGRESS_LINES = 1000

_QUICK_BYTES = 32 * 1024 * 1024
"""All resources of a Bundle up to this size may be in memory at once. Of a larger one only a few are."""

_QUICK_LINE_BYTES = 4 * 1024 * 1024
"""A longer line is most likely a Bundle, which takes 8 times its size when it is read as a resource."""


def split_piece(
    file: SourceFile,
    piece: Piece,
    reader: RecordReader,
    batches: Batches,
    progress: Callable[[int, int], None] = lambda offset, entries: None,
    *,
    content: bytes | None = None,
    document_bytes: int = DOCUMENT_BYTES,
    where: str = "splitting a file of the drop",
) -> Generator[tuple[str, pa.RecordBatch], None, FileCounts]:
    """Adds the rows of a piece of `file` to `batches` in the order of positions, and yields those batches
    that are full.

    Returns the counts and makes no row of `bronze_file`: see `file_rows`. `progress` hears how many bytes of
    the piece's uncompressed content are done, and the entries in them. `content` is that of the file where it
    is at hand. Of a range of lines only its bytes are read, so `file` must be seekable. Bad content raises
    nothing; `FileNotReadable` where the file can't be read or has another size than when it was looked at,
    `SplitFailed` where this code fails.
    """
    splitting = _Splitting(file, piece, reader, progress, content, document_bytes)
    counts, file_id = splitting.counts, piece.file_id
    with silent(f"{where}, file_id {file_id},"):
        for line, first, outcomes in splitting.runs():
            for entry, outcome in enumerate(outcomes, first):
                counts.count(outcome)
                batches.add(file_id, line, entry, outcome)
            if batches.ready:
                yield from batches.take()
    return counts


class _Splitting:
    """One piece while it is split."""

    def __init__(
        self,
        file: SourceFile,
        piece: Piece,
        reader: RecordReader,
        progress: Callable[[int, int], None],
        content: bytes | None,
        document_bytes: int,
    ) -> None:
        self._file = file
        self._piece = piece
        self._reader = reader
        self._progress = progress
        self._content = content
        self._document_bytes = document_bytes
        self.counts = FileCounts("unreadable", content_bytes=piece.lines.end - piece.lines.start)

    def runs(self) -> Iterator[Run]:
        """All that the piece holds. Sets the kind in `counts`."""
        layout, size, torn = self._piece.layout, self._piece.content_bytes, self._piece.fault
        if layout is Layout.UNKNOWN:
            yield Run(1, -1, [Fault(0, size, Reason.UNKNOWN_FILE_TYPE)])
            return
        runs = self._content_runs()
        if torn:
            runs = _torn(runs, torn, size)
        if self._piece.terms.is_error:
            # An OperationOutcome seldom has an id; as a fault of the export it is what it is for.
            runs = (_with_reason(run, Reason.MISSING_ID, Reason.EXPORT_ERROR) for run in runs)
        yield from runs

    def _content_runs(self) -> Iterator[Run]:
        layout, size = self._piece.layout, self._piece.content_bytes
        if layout is Layout.LINES:
            self.counts.kind = "ndjson"
            first = self._piece.lines
            yield from self._line_runs(
                read_lines(self._blocks(), self._document_bytes, first.line, first.start)
            )
        elif layout is Layout.DOCUMENT:
            yield from self._file_runs()
        elif layout is Layout.MANIFEST:
            self.counts.kind = "manifest"
            terms = self._piece.terms
            yield from (Run(terms.line, -1, [fault]) for fault in terms.faults)
        elif self._piece.fault is None:
            self.counts.kind = "empty"
            if form_of(self._piece.path) is Form.DOCUMENT:
                yield Run(1, -1, [Fault(0, size, Reason.EMPTY_FILE)])

    def _file_runs(self) -> Iterator[Run]:
        """Those of a file that is no NDJSON."""
        if self._piece.content_bytes > self._document_bytes:
            yield Run(1, -1, [Fault(0, self._piece.content_bytes, Reason.DOCUMENT_TOO_LARGE)])
            return
        text, start = _without_mark(self._blocks())
        is_bundle = yield from self._document_runs(text, 1, start)
        if is_bundle:
            self.counts.kind = "bundle"
        elif self.counts.resources:
            self.counts.kind = "resource"

    def _line_runs(self, lines: Iterable[Line]) -> Iterator[Run]:
        read = self._reader.read
        for index, line in enumerate(lines):
            if not line.text:
                yield Run(line.number, -1, [Fault(line.offset, line.length, Reason.DOCUMENT_TOO_LARGE)])
                continue
            try:
                resource = read(line.text) if line.length <= _QUICK_LINE_BYTES else None
            except Refused:
                resource = None
            if resource is None or resource.resource_type == "Bundle":
                yield from self._odd_line_runs(line)
            else:
                yield Run(line.number, -1, [resource])
            if index % _PROGRESS_LINES == 0:
                self._progress(line.offset - self._piece.lines.start, self.counts.entries)

    def _odd_line_runs(self, line: Line) -> Iterator[Run]:
        """A Bundle, or what is no resource. Where a line feed follows, it isn't the file that is torn."""
        for run in self._document_runs(line.text, line.number, line.offset):
            yield _with_reason(run, Reason.TRUNCATED_JSON, Reason.INVALID_JSON) if line.is_ended else run

    def _document_runs(self, text: bytes, line: int, offset: int) -> Generator[Run, None, bool]:
        """What `text` holds; returns whether it is a Bundle. It starts at `offset` of the file, in `line`."""
        resources = read_bundle(text, self._reader) if len(text) <= _QUICK_BYTES else None
        if resources is None:
            export_time = StatedTime(self._piece.terms.time, False)
            return (yield from salvage(text, self._reader, line, offset, export_time))
        line += text.count(b"\n", 0, Scanner(text).skip_space())
        yield Run(line, 0, resources)
        return True

    def _blocks(self) -> Iterator[bytes]:
        """The uncompressed content of the piece as far as it can be had."""
        if self._content is not None:
            return iter([self._content])
        if self._piece.is_file:
            return read_blocks(self._file, self._piece.content_bytes)
        return read_range(self._file, self._piece.lines.start, self._piece.lines.end)


def _without_mark(blocks: Iterator[bytes]) -> tuple[bytes, int]:
    """A file's content after its byte order mark, and where that starts. Never twice in memory."""
    head = b""
    for block in blocks:
        head = head + block if head else block
        if len(head) >= len(BOM):
            break
    start = len(BOM) if head.startswith(BOM) else 0
    text = io.BytesIO(head[start:])
    text.seek(0, io.SEEK_END)
    del head
    for block in blocks:
        text.write(block)
    return text.getvalue(), start


def _torn(runs: Iterable[Run], reason: Reason, end: int) -> Iterator[Run]:
    """`runs`, and one fault where the content ends before its time. If a document is torn there, its fault
    gets the reason that is behind it."""
    line, is_said = 1, False
    for run in runs:
        line = run.line
        is_said |= any(_is_fault(outcome, Reason.TRUNCATED_JSON) for outcome in run.outcomes)
        yield _with_reason(run, Reason.TRUNCATED_JSON, reason)
    if not is_said:
        yield Run(line, -1, [Fault(end, 0, reason)])


def _is_fault(outcome: Outcome, reason: Reason) -> bool:
    return isinstance(outcome, Fault) and outcome.reason is reason


def _with_reason(run: Run, old: Reason, new: Reason) -> Run:
    return run._replace(
        outcomes=[
            msgspec.structs.replace(outcome, reason=new) if _is_fault(outcome, old) else outcome
            for outcome in run.outcomes
        ]
    )
