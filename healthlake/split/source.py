"""The files of a drop as they lie in raw: their uncompressed bytes block by block, and their fingerprint.

Gzip is told by its magic bytes, not by the name: an unpacked file may have kept its `.gz`, a packed one
may have lost it. Of a damaged stream everything is given that can be decompressed before the damage is
told.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from healthlake.split.reasons import Reason

BLOCK_BYTES = 4 * 1024 * 1024
KEEP_BYTES = 64 * 1024 * 1024
"""Content up to this size is kept from the first pass, so that the file is read and decompressed once."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WBITS = 31
_PACKED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a drop. `path` is relative to the day's folder, separated by `/`; it may name a patient,
    so it goes into the table and nowhere else. `open` gives the bytes as they lie in raw."""

    path: str = field(repr=False)
    size_bytes: int
    open: Callable[[], BinaryIO] = field(repr=False)

    @property
    def column_path(self) -> str:
        """`path` as `bronze_file` has it. A name of a file needn't be UTF-8; a column must."""
        return self.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies a file.

    `file_id` is the SHA-256 of the uncompressed content. Where that can't be had whole (`fault` says why),
    it is that of the file as it lies, so that a torn copy is never taken for the whole. `content` is kept
    where small.
    """

    file_id: str
    content_bytes: int
    fault: Reason | None = None
    content: bytes | None = field(default=None, repr=False)


class GzipFault(Exception):
    """The stream can't be decompressed further. Raised after all that could be."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def fingerprint(file: SourceFile, keep_bytes: int = KEEP_BYTES) -> Fingerprint:
    """Reads the file once; where its stream is damaged, twice."""
    digest, size, fault = hashlib.sha256(), 0, None
    kept: list[bytes] | None = []
    try:
        for block in read_blocks(file):
            digest.update(block)
            size += len(block)
            if kept is not None:
                kept.append(block)
            if size > keep_bytes:
                kept = None
    except GzipFault as error:
        fault = error.reason
    file_id = digest.hexdigest() if fault is None else _digest_as_it_lies(file)
    return Fingerprint(file_id, size, fault, None if kept is None else b"".join(kept))


def read_blocks(file: SourceFile) -> Iterator[bytes]:
    """The uncompressed content in blocks; `GzipFault` at the end where that isn't the end of the content."""
    with file.open() as stream:
        head = stream.read(BLOCK_BYTES)
        while 0 < len(head) < len(_GZIP_MAGIC) and (more := stream.read(BLOCK_BYTES)):
            head += more
        blocks = _chained(head, stream)
        yield from _inflated(blocks) if head.startswith(_GZIP_MAGIC) else blocks


def _chained(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    while head:
        yield head
        head = stream.read(BLOCK_BYTES)


def _digest_as_it_lies(file: SourceFile) -> str:
    digest = hashlib.sha256()
    with file.open() as stream:
        for block in _chained(stream.read(BLOCK_BYTES), stream):
            digest.update(block)
    return digest.hexdigest()


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    """All members of a gzip stream. Zero padding after one is skipped, as gzip does."""
    member, is_started = zlib.decompressobj(_GZIP_WBITS), False
    for block in packed:
        for start in range(0, len(block), _PACKED_BYTES):
            rest = block[start : start + _PACKED_BYTES]
            while rest := rest if is_started else rest.lstrip(b"\0"):
                yield from _decompressed(member, rest)
                rest, is_started = member.unused_data, not member.eof
                if member.eof:
                    member = zlib.decompressobj(_GZIP_WBITS)
    if is_started:
        raise GzipFault(Reason.TRUNCATED_GZIP)


def _decompressed(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Decompresses in blocks. zlib gives nothing of a call that fails, so that one is done again byte by
    byte."""
    has_more = True
    while has_more:
        before = member.copy()
        try:
            content = member.decompress(data, BLOCK_BYTES)
        except zlib.error:
            yield from _bytewise(before, data)
            raise GzipFault(Reason.CORRUPT_GZIP) from None
        yield content
        data = member.unconsumed_tail
        has_more = not member.eof and (bool(data) or len(content) == BLOCK_BYTES)


def _bytewise(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    for index in range(len(data)):
        try:
            yield member.decompress(data[index : index + 1])
        except zlib.error:
            return
