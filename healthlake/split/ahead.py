"""A decoder that runs ahead of the scanner, 20 times as fast, over entries that aren't broken."""

from __future__ import annotations

import re
from collections import deque

import msgspec
from msgspec import Raw

from healthlake.split.entry import ENTRY_START
from healthlake.split.scanner import SPACE

AHEAD_BYTES = 1024 * 1024

_COMMA = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+")

_decode = msgspec.json.Decoder(list[Raw]).decode


class Ahead:
    """Where the entries of a text end, as far as that is plain.

    A stretch that ends where another entry seems to start is decoded as a list. If it is one, so is all of
    the text's list up to there, whatever the guess was made on.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._known: deque[tuple[int, int]] = deque()
        self._tried = 0

    def end_of(self, start: int) -> int | None:
        """Where the object ends that starts an entry at `start`; None where the scanner must find out."""
        if start >= self._tried:
            self._read(start)
        while self._known and self._known[0][0] < start:
            self._known.popleft()
        return self._known[0][1] if self._known and self._known[0][0] == start else None

    def _read(self, start: int) -> None:
        """Reads the stretch from `start` on."""
        text = self._text
        self._known.clear()
        self._tried = start + AHEAD_BYTES
        found = ENTRY_START.search(text, self._tried, self._tried + AHEAD_BYTES)
        if found:
            end = found.start()
        elif len(text) - self._tried < AHEAD_BYTES:
            end = text.rfind(b"]")
        else:
            return
        stretch = text[start:end].rstrip(SPACE).removesuffix(b",")
        try:
            entries = _decode(b"[%b]" % stretch)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        self._tried = start + len(stretch)
        position = 0
        for entry in entries:
            end = position + len(memoryview(entry))
            if stretch.startswith(b"{", position):
                self._known.append((start + position, start + end))
            if comma := _COMMA.match(stretch, end):
                position = comma.end()
