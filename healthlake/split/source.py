"""The files of a drop as they lie in raw, and their uncompressed bytes block by block.

Gzip is told by its magic bytes, not by the name: an unpacked file may have kept its `.gz`, a packed one
may have lost it. Of a damaged stream everything is given that can be decompressed before the damage is
told.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from healthlake.split.reasons import Reason

BLOCK_BYTES = 4 * 1024 * 1024

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


class GzipFault(Exception):
    """The stream can't be decompressed further. Raised after all that could be."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@contextlib.contextmanager
def opened(file: SourceFile) -> Iterator[tuple[bool, Iterator[bytes]]]:
    """Whether the file is packed, and its uncompressed content in blocks; these end with a `GzipFault` where
    that isn't the end of the content."""
    with file.open() as stream:
        head = stream.read(BLOCK_BYTES)
        while 0 < len(head) < len(_GZIP_MAGIC) and (more := stream.read(BLOCK_BYTES)):
            head += more
        is_packed = head.startswith(_GZIP_MAGIC)
        yield is_packed, _inflated(_chained(head, stream)) if is_packed else _chained(head, stream)


def read_blocks(file: SourceFile, content_bytes: int) -> Iterator[bytes]:
    """The uncompressed content in blocks, as far as it can be had. An OSError at the end where it isn't of
    the size that it had."""
    with opened(file) as (_, blocks), contextlib.suppress(GzipFault):
        for block in blocks:
            content_bytes -= len(block)
            yield block
    if content_bytes:
        raise OSError("a file has changed")


def read_head(file: SourceFile, size: int) -> bytes:
    """The first `size` bytes of the uncompressed content, fewer where there are no more. Of a long file
    little is read."""
    head = b""
    with file.open() as stream:
        packed = _chained(stream.read(size), stream, size)
        first = next(packed, b"")
        while 0 < len(first) < len(_GZIP_MAGIC) and (more := next(packed, b"")):
            first += more
        chained = itertools.chain([first], packed)
        blocks = _inflated(chained) if first.startswith(_GZIP_MAGIC) else chained
        with contextlib.suppress(GzipFault):
            for block in blocks:
                head += block
                if len(head) >= size:
                    break
    return head[:size]


def read_range(file: SourceFile, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to `end` of a file that isn't packed, in blocks. An OSError where there are
    fewer."""
    with file.open() as stream:
        stream.seek(start)
        while start < end:
            block = stream.read(min(BLOCK_BYTES, end - start))
            if not block:
                raise OSError("a file has changed")
            start += len(block)
            yield block


def digest_as_it_lies(file: SourceFile) -> str:
    """The SHA-256 of the file, packed as it may be."""
    digest = hashlib.sha256()
    with file.open() as stream:
        for block in _chained(stream.read(BLOCK_BYTES), stream):
            digest.update(block)
    return digest.hexdigest()


def _chained(head: bytes, stream: BinaryIO, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    while head:
        yield head
        head = stream.read(size)


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
