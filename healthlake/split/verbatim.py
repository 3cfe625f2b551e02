"""The way back: a position in a file -> the bytes that lie there, as delivered.

Refuses a file whose content isn't the one that the position is of.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from healthlake.split.document import take_apart
from healthlake.split.entry import entry_members
from healthlake.split.errors import silent
from healthlake.split.lines import BOM, read_lines
from healthlake.split.look import Layout, look_and_keep
from healthlake.split.outcome import Refused
from healthlake.split.record import RecordReader
from healthlake.split.scanner import Malformed, Scanner
from healthlake.split.source import GzipFault, SourceFile, opened, read_blocks

_WHERE = "reading a record back from raw: its file"


def record_at(file: SourceFile, file_id: str, line: int, entry: int) -> bytes | None:
    """The record at a position of bronze: the resource as written, or the whole Bundle entry where that has
    none (a deletion). It takes the memory of its JSON document.

    None where the content isn't `file_id`, or has nothing there; `FileNotReadable` where raw fails.
    """
    with silent(_WHERE):
        found, content = look_and_keep(file, where=_WHERE)
        if found.file_id != file_id:
            return None
        blocks = read_blocks(file, found.content_bytes) if content is None else iter([content])
        if found.layout is Layout.LINES:
            text = next((each.text for each in read_lines(blocks) if each.number == line), b"")
        else:
            text = _from_line(b"".join(blocks), line)
        return _in_document(text, entry)


def bytes_at(file: SourceFile, file_id: str, offset: int, length: int) -> bytes | None:
    """A stretch of the uncompressed content, or what there is of it; None and errors as of `record_at`."""
    with silent(_WHERE):
        if look_and_keep(file, keep_bytes=0, where=_WHERE)[0].file_id != file_id:
            return None
        with opened(file) as (_, blocks):
            return _stretch(blocks, offset, offset + length)


def content_hash_of(record: bytes) -> str | None:
    """What bronze has as `content_hash` for a resource as written; None where it is none."""
    try:
        return RecordReader(()).read(record).content_hash
    except Refused:
        return None


def _from_line(text: bytes, line: int) -> bytes:
    """The content from the first character of a line on; empty where it hasn't as many."""
    start = 0
    for _ in range(line - 1):
        start = text.find(b"\n", start) + 1
        if not start:
            return b""
    return text[start:] if start else text.removeprefix(BOM)


def _in_document(text: bytes, entry: int) -> bytes | None:
    document = take_apart(text, Scanner(text).skip_space())
    if entry < 0:
        return text[document.start : document.end] or None
    if entry >= len(document.entries):
        return None
    written = text[document.entries.starts[entry] : document.entries.ends[entry]]
    try:
        members, _ = entry_members(written)
    except Malformed:
        return written
    return members.get("resource", written)


def _stretch(blocks: Iterator[bytes], start: int, end: int) -> bytes:
    kept, position = bytearray(), 0
    with contextlib.suppress(GzipFault):
        for block in blocks:
            kept += block[max(start - position, 0) : max(end - position, 0)]
            position += len(block)
            if position >= end:
                break
    return bytes(kept)
