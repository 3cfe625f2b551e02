"""A text -> where the parts of its documents lie. Nothing is decoded, and little is kept beside the text: 16
bytes an entry.

Where the structure breaks inside an entry, reading goes on at the next text that looks like the start of one,
and entries are numbered on as if the broken text were one.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from healthlake.split.ahead import Ahead
from healthlake.split.entry import ENTRY_START, entry_members, read_members
from healthlake.split.reasons import Reason
from healthlake.split.record import syntax_reason
from healthlake.split.scanner import SPACE, Malformed, Scanner, read_text

_NESTED_ENTRIES = re.compile(rb"\[[ \t\r\n]*+" + ENTRY_START.pattern)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text that is set aside, and why."""

    start: int
    end: int
    reason: Reason
    detail: str | None = None


@dataclass(slots=True)
class Entries:
    """Where the entries of a Bundle lie, one after the other. `broken` has the reasons of those that aren't
    well-formed."""

    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    broken: dict[int, Reason] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.starts)

    def add(self, start: int, end: int) -> None:
        self.starts.append(start)
        self.ends.append(end)


@dataclass(slots=True)
class Document:
    """One JSON document of `text`, taken apart.

    It is read up to `end`, where entry `entry` is next (-1 outside of their list); what can't be read from
    there on is `torn`. `members` says where the value of each member but the entries lies. `aside` is what a
    Bundle can't have, or not twice, and what is broken outside its entries.
    """

    text: bytes
    start: int
    end: int
    entry: int = -1
    members: dict[str, tuple[int, int]] = field(default_factory=dict)
    entries: Entries = field(default_factory=Entries)
    has_entries: bool = False
    has_resources: bool = False
    aside: list[Span] = field(default_factory=list)
    torn: Span | None = None

    def is_bundle(self) -> bool:
        """It is one if it says so, or if it says nothing and its `entry` holds resources: of a torn file,
        `resourceType` may be what is lost."""
        if "resourceType" in self.members:
            return self.text_of("resourceType") == "Bundle"
        return self.has_resources

    def text_of(self, name: str) -> str | None:
        """The value of a member; None where that is no text."""
        return read_text(self.written(name))

    def written(self, name: str) -> bytes | None:
        """The value of a member as written."""
        if (span := self.members.get(name)) is None:
            return None
        return self.text[span[0] : span[1]]


def take_apart(text: bytes, start: int) -> Document:
    """The document that starts at `start`. What doesn't start like an object is taken to the end of the
    text."""
    document, scanner, ahead = Document(text, start, start), Scanner(text, start), Ahead(text)
    is_resumed = False
    while True:
        try:
            if scanner.peek() != b"{":
                scanner.skip()
                document.end = len(text)
            elif is_resumed:
                _take_entries(document, scanner, ahead)
                _take_members(document, scanner, ahead, scanner.more_members())
            else:
                _take_members(document, scanner, ahead, scanner.members())
        except Malformed as fault:
            next_start = _next_entry(text, document.end, fault.position) if document.is_bundle() else None
            broken = _set_aside(text, document.end, next_start or len(text), fault.position)
            if next_start is None:
                document.torn = broken
            else:
                _pass_over(document, broken)
                scanner.position, is_resumed = next_start, True
                continue
        return document


def _take_members(document: Document, scanner: Scanner, ahead: Ahead, names: Iterator[str]) -> None:
    for name in names:
        is_repeated = name in document.members or (name == "entry" and document.has_entries)
        if name == "entry" and not is_repeated and scanner.accept(b"["):
            document.has_entries = True
            if not scanner.accept(b"]"):
                _take_entries(document, scanner, ahead)
        else:
            start = scanner.skip_space()
            scanner.skip()
            end = scanner.position
            if is_repeated:
                detail = "Bundle has two members of this name"
                document.aside.append(Span(start, end, Reason.DUPLICATE_KEY, detail))
            elif name == "entry" and document.text[start:end] != b"null":
                document.aside.append(Span(start, end, Reason.ENTRY_NOT_A_LIST))
            document.members.setdefault(name, (start, end))
        document.end = scanner.position
    document.end = scanner.position


def _take_entries(document: Document, scanner: Scanner, ahead: Ahead) -> None:
    """Takes entries up to the end of their list."""
    document.has_entries, entries = True, document.entries
    while True:
        start = document.end = scanner.skip_space()
        document.entry = len(entries)
        if end := ahead.end_of(start):
            scanner.position = end
            if not document.has_resources:
                document.has_resources = _has_resource(document.text[start:end])
        else:
            document.has_resources |= _take_entry(scanner)
        entries.add(start, scanner.position)
        document.end, document.entry = scanner.position, len(entries)
        if scanner.accept(b"]"):
            document.entry = -1
            return
        scanner.require(b",")


def _has_resource(written: bytes) -> bool:
    members, has_repeats = entry_members(written)
    return "resource" in members and not has_repeats


def _take_entry(scanner: Scanner) -> bool:
    """Moves past an entry. Whether it has a resource."""
    start = scanner.skip_space()
    if scanner.peek() != b"{":
        if _NESTED_ENTRIES.match(scanner.text, start):
            raise Malformed(start)
        scanner.skip()
        return False
    members, has_repeats = read_members(scanner)
    return "resource" in members and not has_repeats


def _next_entry(text: bytes, start: int, fault: int) -> int | None:
    """Where the next entry seems to start, after text that starts at `start` and breaks at `fault`.

    A string that lost its closing quote ends at the first quote of what comes next, and the fault shows
    behind that: so the last string before the fault is searched too.
    """
    quote = text.rfind(b'"', start, fault)
    string = text.rfind(b'"', start, max(quote, start))
    found = ENTRY_START.search(text, max(string, start + 1))
    return found.start() if found else None


def _pass_over(document: Document, broken: Span) -> None:
    """Sets a broken stretch aside: as an entry if it is among them. White space is no loss."""
    if not document.text[broken.start : broken.end].strip(SPACE):
        return
    if document.entry < 0:
        document.aside.append(broken)
    else:
        document.entries.broken[len(document.entries)] = broken.reason
        document.entries.add(broken.start, broken.end)


def _set_aside(text: bytes, start: int, end: int, position: int) -> Span:
    """The stretch from `start` to `end`, in which the structure breaks at `position`."""
    is_torn = position == end == len(text)
    return Span(start, end, Reason.TRUNCATED_JSON if is_torn else syntax_reason(text[start:end]))
