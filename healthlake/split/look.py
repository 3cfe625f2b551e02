"""A first look at a file, in one pass over its bytes: what identifies it, what it is, where it can be cut.

A `Look` is plain data (`msgspec.json` writes and reads it), so that files can be looked at in other processes
than the one that plans the split.
"""

from __future__ import annotations

import enum
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from healthlake.split.errors import silent
from healthlake.split.form import Form, form_of, is_lines
from healthlake.split.lines import DOCUMENT_BYTES, Line, read_lines
from healthlake.split.manifest import HEAD_BYTES, MANIFEST_BYTES, Manifest, may_be_manifest, read_manifest
from healthlake.split.reasons import Reason
from healthlake.split.source import GzipFault, SourceFile, digest_as_it_lies, opened, read_head

KEEP_BYTES = 64 * 1024 * 1024
"""Content up to this size is kept from the look, so that the file is read and decompressed once."""


class Layout(enum.StrEnum):
    """How a file is to be read. UNKNOWN: not at all, because its name says nothing. EMPTY: it has no line
    that isn't blank. MANIFEST: no further, all that counts is in the look."""

    UNKNOWN = "unknown"
    EMPTY = "empty"
    DOCUMENT = "document"
    LINES = "lines"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class LineRange:
    """Whole lines of a file: its bytes from `start` to `end`, the first of which is in line `line`."""

    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a first look at a file told.

    `path` is as `bronze_file` has it. `file_id` is the SHA-256 of the uncompressed content. Where that can't
    be had whole (`fault` says why), it is that of the file as it lies, so that a torn copy is never taken for
    the whole. `ranges` are those of NDJSON that can be split in parts, else none. `manifest` is what a Bulk
    Data manifest says.
    """

    path: str = field(repr=False)
    size_bytes: int
    file_id: str
    content_bytes: int
    layout: Layout
    fault: Reason | None = None
    ranges: tuple[LineRange, ...] = ()
    manifest: Manifest | None = field(default=None, repr=False)


def look(
    file: SourceFile,
    piece_bytes: int,
    *,
    document_bytes: int = DOCUMENT_BYTES,
    where: str = "looking at a file of the drop",
) -> Look:
    """Looks at a file. NDJSON that isn't packed and is larger than `piece_bytes` is cut into ranges of about
    that size.

    Memory: a block, and one line of at most `document_bytes`. `FileNotReadable` where the file can't be read,
    `SplitFailed` where this code fails; their message begins with `where`.
    """
    return look_and_keep(file, piece_bytes, document_bytes=document_bytes, keep_bytes=0, where=where)[0]


def look_at_manifest(file: SourceFile, *, where: str = "looking for a manifest in the drop") -> Look | None:
    """The look at a file that is a Bulk Data manifest; None where it is none, which its head most often
    tells."""
    if form_of(file.path) is not Form.DOCUMENT:
        return None
    with silent(where):
        if not may_be_manifest(read_head(file, HEAD_BYTES)):
            return None
    found, _ = look_and_keep(file, keep_bytes=0, where=where)
    return found if found.manifest else None


def file_id_of(file: SourceFile) -> str:
    """The file's id, as `bronze_file` has it."""
    return look_and_keep(file, keep_bytes=0, where="reading a file of the drop")[0].file_id


def look_and_keep(
    file: SourceFile,
    piece_bytes: int | None = None,
    *,
    document_bytes: int = DOCUMENT_BYTES,
    keep_bytes: int = KEEP_BYTES,
    where: str = "looking at a file of the drop",
) -> tuple[Look, bytes | None]:
    """As `look`, without ranges where `piece_bytes` is None; and the uncompressed content, unless it takes
    more than `keep_bytes`."""
    form = form_of(file.path)
    with silent(where), opened(file) as (is_packed, blocks):
        cuts = None if is_packed or piece_bytes is None else _Cuts(piece_bytes)
        passing = _Pass(blocks, max(keep_bytes, MANIFEST_BYTES), cuts)
        layout = _layout(read_lines(passing, document_bytes), form)
        passing.finish()
        if form is Form.UNKNOWN and passing.size:
            layout = Layout.UNKNOWN
        fault = passing.fault
        file_id = digest_as_it_lies(file) if fault else passing.digest.hexdigest()
        content, manifest = passing.content(), None
        if content and fault is None and layout is Layout.DOCUMENT and form is Form.DOCUMENT:
            manifest = read_manifest(content)
    layout = Layout.MANIFEST if manifest else layout
    ranges = cuts.ranges() if cuts and layout is Layout.LINES else ()
    found = Look(file.column_path, file.size_bytes, file_id, passing.size, layout, fault, ranges, manifest)
    return found, content if passing.size <= keep_bytes else None


def _layout(lines: Iterator[Line], form: Form) -> Layout:
    first, second = next(lines, None), next(lines, None)
    if first is None:
        return Layout.EMPTY
    return Layout.LINES if is_lines(first, second, form) else Layout.DOCUMENT


class _Pass:
    """The one pass over the blocks of a file: iterated over for as long as they are of interest, then
    finished."""

    def __init__(self, blocks: Iterable[bytes], keep_bytes: int, cuts: _Cuts | None) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self.fault: Reason | None = None
        self._keep_bytes = keep_bytes
        self._kept: io.BytesIO | None = io.BytesIO()
        self._cuts = cuts
        self._rest = self._passed(blocks)

    def __iter__(self) -> Iterator[bytes]:
        return self._rest

    def finish(self) -> None:
        for _ in self._rest:
            pass

    def content(self) -> bytes | None:
        return None if self._kept is None else self._kept.getvalue()

    def _passed(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        try:
            for block in blocks:
                self.digest.update(block)
                if self._cuts:
                    self._cuts.add(block)
                self.size += len(block)
                if self._kept is not None:
                    self._kept.write(block)
                if self.size > self._keep_bytes:
                    self._kept = None
                yield block
        except GzipFault as error:
            self.fault = error.reason


class _Cuts:
    """Finds the first end of a line after each `piece_bytes`, block by block."""

    def __init__(self, piece_bytes: int) -> None:
        self._piece_bytes = piece_bytes
        self._starts = [(0, 1)]
        self._offset, self._line = 0, 1

    def add(self, block: bytes) -> None:
        position = 0
        while True:
            earliest = self._starts[-1][0] + self._piece_bytes - 1 - self._offset
            end = block.find(b"\n", max(earliest, position))
            if end < 0:
                break
            self._line += block.count(b"\n", position, end + 1)
            position = end + 1
            self._starts.append((self._offset + position, self._line))
        self._line += block.count(b"\n", position)
        self._offset += len(block)

    def ranges(self) -> tuple[LineRange, ...]:
        """None where there is but one."""
        ends = [start for start, _ in self._starts[1:]] + [self._offset]
        ranges = [
            LineRange(start, end, line)
            for (start, line), end in zip(self._starts, ends, strict=True)
            if start < end
        ]
        return tuple(ranges) if len(ranges) > 1 else ()
