"""One file -> its rows. Content decides how it is read; where that says nothing, the ending of the name
does."""

from __future__ import annotations

import contextlib
import enum
import itertools
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from healthlake.split.batches import Batches
from healthlake.split.bundle import read_bundle
from healthlake.split.lines import BOM, Line, read_lines
from healthlake.split.outcome import Deletion, Fault, Outcome, Refused, Resource, Run
from healthlake.split.reasons import Reason
from healthlake.split.record import RecordReader
from healthlake.split.salvage import salvage
from healthlake.split.scanner import SPACE, Malformed, Scanner
from healthlake.split.source import Fingerprint, GzipFault, SourceFile, read_blocks

_ENDING = re.compile(r"\.(json|ndjson|jsonl)(?:\.gz)?$", re.IGNORECASE)
_PROGRESS_LINES = 1000


class Form(enum.IntEnum):
    """What the name of a file says of its content. Files are read in this order: of two paths with one
    content, the one whose name says more comes first."""

    DOCUMENT = 0
    LINES = 1
    UNKNOWN = 2


@dataclass(slots=True)
class FileCounts:
    """What became of a file's entries. `kind` is as in `bronze_file`."""

    kind: str
    resources: int = 0
    deletions: int = 0
    quarantined: int = 0

    @property
    def entries(self) -> int:
        return self.resources + self.deletions + self.quarantined

    def count(self, outcome: Outcome) -> None:
        if type(outcome) is Resource:
            self.resources += 1
        elif type(outcome) is Deletion:
            self.deletions += 1
        else:
            self.quarantined += 1


def form_of(path: str) -> Form:
    """What the ending of a file's name says, in upper or lower case, with or without `.gz`."""
    ending = _ENDING.search(path)
    if ending is None:
        return Form.UNKNOWN
    return Form.DOCUMENT if ending[1].lower() == "json" else Form.LINES


def split_file(
    file: SourceFile,
    fingerprint: Fingerprint,
    reader: RecordReader,
    batches: Batches,
    progress: Callable[[int, int], None] = lambda offset, entries: None,
) -> Generator[tuple[str, pa.RecordBatch], None, FileCounts]:
    """Adds the rows of a file to `batches` in the order of positions, and yields those batches that are
    full.

    Returns the counts and makes no row of `bronze_file`. `progress` hears the offset in the uncompressed
    content and the entries before it. Bad content raises nothing; an OSError is that of opening or reading
    the file.
    """
    splitting = _Splitting(file, fingerprint, reader, progress)
    counts, file_id = splitting.counts, fingerprint.file_id
    for line, first, outcomes in splitting.runs():
        for entry, outcome in enumerate(outcomes, first):
            counts.count(outcome)
            batches.add(file_id, line, entry, outcome)
        if batches.ready:
            yield from batches.take()
    return counts


class _Splitting:
    """One file while it is split."""

    def __init__(
        self,
        file: SourceFile,
        fingerprint: Fingerprint,
        reader: RecordReader,
        progress: Callable[[int, int], None],
    ) -> None:
        self._file = file
        self._fingerprint = fingerprint
        self._reader = reader
        self._progress = progress
        self.counts = FileCounts("unreadable")

    def runs(self) -> Iterator[Run]:
        """All that the file holds. Sets the kind in `counts`."""
        form, size, torn = form_of(self._file.path), self._fingerprint.content_bytes, self._fingerprint.fault
        if form is Form.UNKNOWN and size:
            yield Run(1, -1, [Fault(0, size, Reason.UNKNOWN_FILE_TYPE)])
        elif torn:
            yield from _torn(self._content_runs(form), torn, size)
        else:
            yield from self._content_runs(form)

    def _content_runs(self, form: Form) -> Iterator[Run]:
        lines = read_lines(self._blocks())
        first, second = next(lines, None), next(lines, None)
        if first is None:
            if self._fingerprint.fault is None:
                self.counts.kind = "empty"
                if form is Form.DOCUMENT:
                    yield Run(1, -1, [Fault(0, self._fingerprint.content_bytes, Reason.EMPTY_FILE)])
        elif _is_lines(first, second, form):
            self.counts.kind = "ndjson"
            yield from self._line_runs(itertools.chain([first], [second] if second else [], lines))
        else:
            content = b"".join(self._blocks())
            start = len(BOM) if content.startswith(BOM) else 0
            is_bundle, runs = self._document_runs(content[start:], 1, start)
            for run in runs:
                if any(isinstance(outcome, Resource) for outcome in run.outcomes):
                    self.counts.kind = "resource"
                yield run
            if is_bundle:
                self.counts.kind = "bundle"

    def _line_runs(self, lines: Iterable[Line]) -> Iterator[Run]:
        read = self._reader.read
        for index, line in enumerate(lines):
            try:
                resource = read(line.text)
            except Refused:
                yield from self._odd_line_runs(line)
            else:
                if resource.resource_type == "Bundle":
                    yield from self._odd_line_runs(line)
                else:
                    yield Run(line.number, -1, [resource])
            if index % _PROGRESS_LINES == 0:
                self._progress(line.offset, self.counts.entries)

    def _odd_line_runs(self, line: Line) -> Iterator[Run]:
        """A Bundle, or what is no resource. Where a line feed follows, it isn't the file that is torn."""
        for run in self._document_runs(line.text, line.number, line.offset)[1]:
            yield _with_reason(run, Reason.TRUNCATED_JSON, Reason.INVALID_JSON) if line.is_ended else run

    def _document_runs(self, text: bytes, line: int, offset: int) -> tuple[bool, Iterable[Run]]:
        """Whether `text` is a Bundle, and what it holds. It starts at `offset` of the file, in `line`."""
        resources = read_bundle(text, self._reader)
        if resources is not None:
            line += text.count(b"\n", 0, Scanner(text).skip_space())
            return True, [Run(line, 0, resources)]
        is_bundle, runs = salvage(text, self._reader, line)
        return is_bundle, (_moved(run, offset) for run in runs)

    def _blocks(self) -> Iterator[bytes]:
        """The uncompressed content as far as it can be had."""
        if self._fingerprint.content is not None:
            yield self._fingerprint.content
            return
        with contextlib.suppress(GzipFault):
            yield from read_blocks(self._file)


def _is_lines(first: Line, second: Line | None, form: Form) -> bool:
    """Whether a file is NDJSON, told by its first two lines that aren't blank.

    One of them is a whole object, as none is in a pretty-printed document, or the name says so and the first
    isn't broken like one. Either line may be a broken record.
    """
    if second is None:
        return form is Form.LINES
    if _is_whole_object(first.text):
        return True
    end = first.text.rstrip(SPACE)[-1:]
    if form is Form.LINES:
        return end not in (b"{", b"[", b",", b":") or second.text.startswith(b"{")
    # After one of these, an object on a line of its own may be a value of a document with odd line breaks.
    return _is_whole_object(second.text) and end not in (b"[", b",", b":")


def _is_whole_object(text: bytes) -> bool:
    scanner = Scanner(text)
    try:
        scanner.skip()
    except Malformed:
        return False
    return text.startswith(b"{") and scanner.skip_space() == len(text)


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


def _moved(run: Run, offset: int) -> Run:
    """`run` with its faults `offset` bytes further on."""
    return run._replace(
        outcomes=[
            msgspec.structs.replace(outcome, byte_offset=outcome.byte_offset + offset)
            if isinstance(outcome, Fault)
            else outcome
            for outcome in run.outcomes
        ]
    )
