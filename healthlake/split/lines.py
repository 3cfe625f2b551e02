"""Lines of a file that is read in blocks: a file needn't fit in memory, a line must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from healthlake.split.scanner import SPACE

BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line that isn't blank. `number` counts all lines from 1, `offset` is that of its first byte in the
    file, `is_ended` says whether a line feed follows: after the last one perhaps not."""

    number: int
    offset: int
    text: bytes
    is_ended: bool


def read_lines(blocks: Iterable[bytes]) -> Iterator[Line]:
    """The lines that aren't blank, ended by LF or CRLF. A byte order mark is left out."""
    number, offset = 1, 0
    parts: list[bytes] = []
    for block in blocks:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            parts.append(block[start:end])
            if line := _line(number, offset, parts, True):
                yield line
            number, offset, start = number + 1, offset + sum(map(len, parts)) + 1, end + 1
            parts = []
        parts.append(block[start:])
    if line := _line(number, offset, parts, False):
        yield line


def _line(number: int, offset: int, parts: list[bytes], is_ended: bool) -> Line | None:
    text = parts[0] if len(parts) == 1 else b"".join(parts)
    if offset == 0 and text.startswith(BOM):
        text, offset = text[len(BOM) :], len(BOM)
    return Line(number, offset, text, is_ended) if text.strip(SPACE) else None
