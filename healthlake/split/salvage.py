"""A text that can't be read in one go -> every well-formed entry of it, and faults for the rest.

A broken record costs itself alone. Where the structure breaks inside an entry, reading goes on at the next
text that looks like the start of one, and entries are numbered on as if the broken text were one. A
document is a Bundle if it says so, or if it says nothing and its `entry` holds resources: of a torn file,
`resourceType` may be what is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from healthlake.split.entry import read_entry, read_members
from healthlake.split.instant import parse_instant
from healthlake.split.outcome import Fault, Outcome, Refused, Resource, Run
from healthlake.split.reasons import Reason
from healthlake.split.record import RecordReader, syntax_reason
from healthlake.split.references import LocalReferences
from healthlake.split.scanner import SPACE, Malformed, Scanner, read_text

_ENTRY_START = re.compile(
    rb'\{[ \t\r\n]*+"(?:fullUrl"[ \t\r\n]*+:|(?:resource|request)"[ \t\r\n]*+:[ \t\r\n]*+\{)'
)
_NESTED_ENTRIES = re.compile(rb"\[[ \t\r\n]*+" + _ENTRY_START.pattern)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text. `reason` is why it is set aside, None where it is fit to be read."""

    start: int
    end: int
    reason: Reason | None = None
    detail: str | None = None


@dataclass(slots=True)
class Document:
    """One JSON document, taken apart and not decoded.

    It is read up to `end`, where entry `entry` is next (-1 outside of their list); what can't be read from
    there on is `torn`. `aside` is what a Bundle can't have, or not twice, and what is broken outside its
    entries.
    """

    start: int
    end: int
    entry: int = -1
    members: dict[str, bytes] = field(default_factory=dict)
    entries: list[tuple[Span, dict[str, bytes]]] = field(default_factory=list)
    has_entries: bool = False
    has_resources: bool = False
    aside: list[Span] = field(default_factory=list)
    torn: Span | None = None

    def is_bundle(self) -> bool:
        if "resourceType" in self.members:
            return read_text(self.members["resourceType"]) == "Bundle"
        return self.has_resources


def salvage(text: bytes, reader: RecordReader, line: int = 1) -> tuple[bool, list[Run]]:
    """Whether `text` holds a Bundle, and all that it holds. `line` is the one that it starts in.

    A text may hold several documents if each starts on a line of its own. What follows one on the line
    where it ends is a fault.
    """
    runs: list[Run] = []
    has_bundle, position, last_line = False, 0, 0
    while (start := Scanner(text, position).skip_space()) < len(text):
        line += text.count(b"\n", position, start)
        if line == last_line:
            rest = Span(start, len(text), Reason.INVALID_JSON, "text after the document")
            runs.append(Run(line, -1, [_fault(rest)]))
            break
        document = take_apart(text, start)
        is_bundle = document.is_bundle()
        found = _of_bundle(document, reader) if is_bundle else _of_resource(text, document, reader)
        runs.extend(Run(line, entry, outcomes) for entry, outcomes in found)
        has_bundle |= is_bundle
        if document.torn:
            break
        position = document.end
        last_line = line = line + text.count(b"\n", start, position)
    return has_bundle, runs


def take_apart(text: bytes, start: int) -> Document:
    """The document that starts at `start`. What doesn't start like an object is taken to the end of the
    text."""
    document, scanner = Document(start, start), Scanner(text, start)
    is_resumed = False
    while True:
        try:
            if scanner.peek() != b"{":
                scanner.skip()
                document.end = len(text)
            elif is_resumed:
                _take_entries(document, scanner)
                _take_members(document, scanner, scanner.more_members())
            else:
                _take_members(document, scanner, scanner.members())
        except Malformed as fault:
            next_start = _next_entry(text, document.end, fault.position) if document.is_bundle() else None
            broken = _set_aside(text, document.end, next_start or len(text), fault.position)
            if next_start is None:
                document.torn = broken
            else:
                _pass_over(document, broken, text)
                scanner.position, is_resumed = next_start, True
                continue
        return document


def _take_members(document: Document, scanner: Scanner, names: Iterator[str]) -> None:
    for name in names:
        is_repeated = name in document.members or (name == "entry" and document.has_entries)
        if name == "entry" and not is_repeated and scanner.accept(b"["):
            document.has_entries = True
            if not scanner.accept(b"]"):
                _take_entries(document, scanner)
        else:
            start = scanner.skip_space()
            scanner.skip()
            value = scanner.text[start : scanner.position]
            if is_repeated:
                detail = "Bundle has two members of this name"
                document.aside.append(Span(start, scanner.position, Reason.DUPLICATE_KEY, detail))
            elif name == "entry" and value != b"null":
                document.aside.append(Span(start, scanner.position, Reason.ENTRY_NOT_A_LIST))
            document.members.setdefault(name, value)
        document.end = scanner.position
    document.end = scanner.position


def _take_entries(document: Document, scanner: Scanner) -> None:
    """Takes entries up to the end of their list."""
    document.has_entries = True
    while True:
        document.end, document.entry = scanner.skip_space(), len(document.entries)
        span, members = _take_entry(scanner)
        document.entries.append((span, members))
        document.has_resources |= "resource" in members
        document.end, document.entry = scanner.position, len(document.entries)
        if scanner.accept(b"]"):
            document.entry = -1
            return
        scanner.require(b",")


def _next_entry(text: bytes, start: int, fault: int) -> int | None:
    """Where the next entry seems to start, after text that starts at `start` and breaks at `fault`.

    A string that lost its closing quote ends at the first quote of what comes next, and the fault shows
    behind that: so the last string before the fault is searched too.
    """
    quote = text.rfind(b'"', start, fault)
    string = text.rfind(b'"', start, max(quote, start))
    found = _ENTRY_START.search(text, max(string, start + 1))
    return found.start() if found else None


def _pass_over(document: Document, broken: Span, text: bytes) -> None:
    """Sets a broken stretch aside: as an entry if it is among them. White space is no loss."""
    if not text[broken.start : broken.end].strip(SPACE):
        return
    if document.entry < 0:
        document.aside.append(broken)
    else:
        document.entries.append((broken, {}))


def _take_entry(scanner: Scanner) -> tuple[Span, dict[str, bytes]]:
    start = scanner.skip_space()
    if scanner.peek() != b"{":
        if _NESTED_ENTRIES.match(scanner.text, start):
            raise Malformed(start)
        scanner.skip()
        return Span(start, scanner.position, Reason.NOT_AN_OBJECT, "Bundle.entry: expected object"), {}
    members, has_repeats = read_members(scanner)
    if has_repeats:
        detail = "Bundle.entry has two members of one name"
        return Span(start, scanner.position, Reason.DUPLICATE_KEY, detail), {}
    return Span(start, scanner.position), members


def _set_aside(text: bytes, start: int, end: int, position: int) -> Span:
    """The stretch from `start` to `end`, in which the structure breaks at `position`."""
    is_torn = position == end == len(text)
    return Span(start, end, Reason.TRUNCATED_JSON if is_torn else syntax_reason(text[start:end]))


def _of_resource(
    text: bytes, document: Document, reader: RecordReader
) -> Iterator[tuple[int, list[Outcome]]]:
    if torn := document.torn:
        yield -1, [_fault(Span(document.start, torn.end, torn.reason))]
        return
    span = Span(document.start, document.end)
    try:
        yield -1, [reader.read(text[span.start : span.end])]
    except Refused as refused:
        yield -1, [_fault(span, refused)]


def _of_bundle(document: Document, reader: RecordReader) -> Iterator[tuple[int, list[Outcome]]]:
    time = parse_instant(read_text(document.members.get("timestamp")))
    references = LocalReferences()
    outcomes: list[Outcome] = []
    for span, members in document.entries:
        outcome = _of_entry(span, members, reader, time)
        if isinstance(outcome, Resource) and "fullUrl" in members:
            references.add(members["fullUrl"], outcome)
        outcomes.append(outcome)
    for span in document.aside:
        yield -1, [_fault(span)]
    yield 0, references.applied(outcomes)
    if document.torn:
        yield document.entry, [_fault(document.torn)]


def _of_entry(
    span: Span, members: dict[str, bytes], reader: RecordReader, bundle_time: int | None
) -> Outcome:
    if span.reason:
        return _fault(span)
    try:
        return read_entry(members, reader, bundle_time)
    except Refused as refused:
        return _fault(span, refused)


def _fault(span: Span, refused: Refused | None = None) -> Fault:
    reason, detail = (refused.reason, refused.detail) if refused else (span.reason, span.detail)
    if reason is None:
        raise ValueError("only what is set aside is a fault")
    return Fault(span.start, span.end - span.start, reason, detail)
