"""A Bulk Data manifest: what an export says of its own files.

A manifest is told by its content, whatever its name. Only what is used here is judged: the time and the
lists of files. What is wrong in it costs its own effect and is a fault with its place in the manifest, never
with a value: URLs may hold keys and names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from healthlake.split.instant import parse_instant
from healthlake.split.lines import BOM
from healthlake.split.outcome import Fault
from healthlake.split.reasons import Reason
from healthlake.split.scanner import Malformed, Scanner, read_text

MANIFEST_BYTES = 16 * 1024 * 1024
"""What is larger is no manifest: this one lists 60,000 files or more."""

HEAD_BYTES = 4096
"""So much of a file's beginning tells whether it is worth reading as a manifest."""

SECTIONS = ("output", "deleted", "error")

_TELLING = {"transactionTime", "request", "requiresAccessToken", "output"}
_START = re.compile(
    rb'(?:\xef\xbb\xbf)?[ \t\r\n]*+\{[ \t\r\n]*+"(?:transactionTime|request|requiresAccessToken|outputFormat'
    rb'|outputOrganizedBy|output|deleted|error|link|extension)"'
)
_ENDINGS = re.compile(r"(?:\.(?:json|ndjson|jsonl))?(?:\.gz)?$", re.IGNORECASE)
_COUNT = re.compile(rb"\d{1,18}")
_NULL = b"null"


class Listed(msgspec.Struct, frozen=True):
    """A file that a manifest lists: in which section, at which index, under which name (`file_name` of its
    URL), with which count; and where in the manifest."""

    section: str
    index: int
    name: str
    count: int | None
    byte_offset: int
    byte_length: int


class Manifest(msgspec.Struct, frozen=True):
    """What a manifest that starts at `line` says. `time` is transactionTime in microseconds since 1970, None
    where it is no instant."""

    line: int
    time: int | None
    listed: tuple[Listed, ...]
    faults: tuple[Fault, ...]


def may_be_manifest(head: bytes) -> bool:
    """Whether a document that begins with `head` may be a manifest: its first member is one of theirs."""
    return _START.match(head[:HEAD_BYTES]) is not None


def read_manifest(text: bytes) -> Manifest | None:
    """The manifest that is all of `text`; None where there is none.

    It is one JSON object without resourceType that has at least two of the members that every manifest has.
    """
    if len(text) > MANIFEST_BYTES or not may_be_manifest(text):
        return None
    start = len(BOM) if text.startswith(BOM) else 0
    try:
        msgspec.json.decode(memoryview(text)[start:])
        reading = _Reading(text)
        members = reading.members(start)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Malformed):
        return None
    if "resourceType" in members or len(_TELLING & members.keys()) < 2:
        return None
    return reading.manifest(start, members)


def file_name(path: str) -> str:
    """The last segment of a path or URL without query and endings: servers pack files or not, and clients
    add `.ndjson` to the names of URLs that have none."""
    return _ENDINGS.sub("", path.rpartition("/")[2], count=1)


class _Span(NamedTuple):
    start: int
    end: int


class _Reading:
    """A manifest while it is read: the text is JSON, so nothing here is malformed."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._faults: list[Fault] = []

    def manifest(self, start: int, members: dict[str, _Span]) -> Manifest:
        begin = Scanner(self._text, start).skip_space()
        if absent := [name for name in ("transactionTime", "output") if name not in members]:
            self._fault(_Span(begin, len(self._text)), f"expected {' and '.join(absent)}")
        listed = [
            each for section in SECTIONS if section in members for each in self._section(section, members)
        ]
        time = self._time(members)
        faults = tuple(sorted(self._faults, key=lambda fault: fault.byte_offset))
        return Manifest(1 + self._text.count(b"\n", 0, begin), time, tuple(listed), faults)

    def members(self, start: int) -> dict[str, _Span]:
        """Where the values of an object's members lie, those that are null left out. Of two with one name the
        first counts, as in a Bundle."""
        scanner, found = Scanner(self._text, start), dict[str, _Span]()
        for name in scanner.members():
            span = self._value(scanner)
            if name in found:
                self._fault(span, "an object has two members of one name")
            elif self._written(span) != _NULL:
                found[name] = span
        return found

    def _time(self, members: dict[str, _Span]) -> int | None:
        if (span := members.get("transactionTime")) is None:
            return None
        time = parse_instant(read_text(self._written(span)))
        if time is None:
            self._fault(span, "transactionTime: expected instant")
        return time

    def _section(self, section: str, members: dict[str, _Span]) -> Iterator[Listed]:
        span = members[section]
        if not self._written(span).startswith(b"["):
            self._fault(span, f"{section}: expected array")
            return
        scanner = Scanner(self._text, span.start + 1)
        index = 0
        while scanner.position < span.end and not scanner.accept(b"]"):
            listed = self._listed(section, index, self._value(scanner))
            if listed:
                yield listed
            scanner.accept(b",")
            index += 1

    def _listed(self, section: str, index: int, span: _Span) -> Listed | None:
        place = f"{section}[{index}]"
        if not self._written(span).startswith(b"{"):
            self._fault(span, f"{place}: expected object")
            return None
        members = self.members(span.start)
        url = read_text(self._written(members["url"])) if "url" in members else None
        if url is None:
            self._fault(members.get("url", span), f"{place}.url: expected string")
            return None
        count = None
        if "count" in members:
            written = self._written(members["count"])
            if _COUNT.fullmatch(written):
                count = int(written)
            else:
                self._fault(members["count"], f"{place}.count: expected unsigned integer")
        name = file_name(unquote(re.split(r"[?#]", url, maxsplit=1)[0]))
        return Listed(section, index, name, count, span.start, span.end - span.start)

    def _value(self, scanner: Scanner) -> _Span:
        start = scanner.skip_space()
        scanner.skip()
        return _Span(start, scanner.position)

    def _written(self, span: _Span) -> bytes:
        return self._text[span.start : span.end]

    def _fault(self, span: _Span, detail: str) -> None:
        self._faults.append(Fault(span.start, span.end - span.start, Reason.INVALID_MANIFEST, detail))
