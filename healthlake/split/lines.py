"""Lines of a file that is read in blocks: a file needn't fit in memory, a line must or is told to be too
long."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from healthlake.split.scanner import SPACE

BOM = b"\xef\xbb\xbf"

DOCUMENT_BYTES = 1 << 30
"""A JSON document (a line of NDJSON, or a file that is none) must fit in memory. What is longer is set aside
unread."""


class Line(NamedTuple):
    """A line that isn't blank. `number` counts all lines from 1, `offset` is that of its first byte in the
    file, `is_ended` says whether a line feed follows: after the last one perhaps not. `text` is empty where
    its `length` is above the limit."""

    number: int
    offset: int
    text: bytes
    is_ended: bool
    length: int


def read_lines(
    blocks: Iterable[bytes], limit: int = DOCUMENT_BYTES, number: int = 1, offset: int = 0
) -> Iterator[Line]:
    """The lines that aren't blank, ended by LF or CRLF. A byte order mark at the start of the file is left
    out. `number` and `offset` are those of the first line."""
    begun = _Begun(limit)
    for block in blocks:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            if begun.size:
                begun.add(block[start:end])
                size, line = begun.size, begun.line(number, offset, True)
                begun = _Begun(limit)
            else:
                size, line = end - start, _line(number, offset, block[start:end], True, limit)
            if line:
                yield line
            number, offset, start = number + 1, offset + size + 1, end + 1
        begun.add(block[start:])
    if line := begun.line(number, offset, False):
        yield line


class _Begun:
    """A line that comes in parts. They aren't kept once they are too long."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = io.BytesIO()
        self._is_blank = True
        self.size = 0

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if self.size <= self._limit:
            self._kept.write(part)
            return
        if kept := self._kept.getvalue():
            self._is_blank = not kept.lstrip(SPACE)
            self._kept = io.BytesIO()
        self._is_blank &= not part.lstrip(SPACE)

    def line(self, number: int, offset: int, is_ended: bool) -> Line | None:
        if self.size <= self._limit:
            return _line(number, offset, self._kept.getvalue(), is_ended, self._limit)
        return None if self._is_blank else Line(number, offset, b"", is_ended, self.size)


def _line(number: int, offset: int, text: bytes, is_ended: bool, limit: int) -> Line | None:
    size = len(text)
    if size > limit:
        return Line(number, offset, b"", is_ended, size) if text.lstrip(SPACE) else None
    if offset == 0 and text.startswith(BOM):
        text, offset, size = text[len(BOM) :], len(BOM), size - len(BOM)
    # Unlike strip, lstrip copies nothing of a line that ends with CRLF.
    return Line(number, offset, text, is_ended, size) if text.lstrip(SPACE) else None
