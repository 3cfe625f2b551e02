"""A document that can't be read in one go -> every well-formed entry of it, and a fault for what is none.

A broken record costs itself alone: where the structure breaks inside an entry, reading goes on at the next text that
looks like the start of one, and entries are numbered on as if the broken text were one. A document is a Bundle if
it says so, or if it says nothing and its `entry` holds resources (in a torn file `resourceType` may be what was lost).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from healthlake.split.entry import member_name, read_entry, read_members, read_text
from healthlake.split.instant import parse_instant
from healthlake.split.outcome import Fault, Outcome, Refused, Resource, Run
from healthlake.split.reasons import Reason
from healthlake.split.record import RecordReader
from healthlake.split.references import LocalReferences
from healthlake.split.scanner import SPACE, Malformed, Scanner

_ENTRY_START = re.compile(
    rb'\{[ \t\r\n]*+"(?:fullUrl"[ \t\r\n]*+:|(?:resource|request)"[ \t\r\n]*+:[ \t\r\n]*+\{)'
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text; `reason` is why it is set aside, None where it is fit to be read."""

    start: int
    end: int
    reason: Reason | None = None
    detail: str | None = None


@dataclass(slots=True)
class Document:
    """One JSON document, taken apart without being decoded. It is read up to `end`; `torn` is what is left then.
    `aside` are members that a Bundle can't have, or not twice."""

    start: int
    end: int
    members: dict[str, bytes] = field(default_factory=dict)
    entries: list[tuple[Span, dict[str, bytes]]] | None = None
    aside: list[Span] = field(default_factory=list)
    torn: Span | None = None
    torn_entry: int = -1

    def is_bundle(self) -> bool:
        if "resourceType" in self.members:
            return read_text(self.members["resourceType"]) == "Bundle"
        return any("resource" in members for _, members in self.entries or ())


def salvage(text: bytes, reader: RecordReader, line: int = 1) -> tuple[bool, list[Run]]:
    """Whether `text` holds a Bundle, and all that it holds. `line` is the one that it starts in.

    A text may hold several documents if each starts on a line of its own; what follows one on its last line is a
    fault.
    """
    runs: list[Run] = []
    has_bundle, position, last_line = False, 0, 0
    while (start := Scanner(text, position).skip_space()) < len(text):
        line += text.count(b"\n", position, start)
        if line == last_line:
            rest = Span(start, len(text), Reason.INVALID_JSON, "text after the document")
            runs.append(Run(line, -1, (_fault(rest),)))
            break
        document = take_apart(text, start)
        is_bundle = document.is_bundle()
        read = _of_bundle(document, reader) if is_bundle else _of_resource(text, document, reader)
        runs.extend(Run(line, entry, outcomes) for entry, outcomes in read)
        has_bundle |= is_bundle
        if document.torn:
            break
        position, line = document.end, line + text.count(b"\n", start, document.end)
        last_line = line
    return has_bundle, runs


def take_apart(text: bytes, start: int) -> Document:
    """The document that starts at `start`. What doesn't start like an object is taken to the end of the text."""
    document, scanner = Document(start, start), Scanner(text, start)
    try:
        if scanner.peek() == b"{":
            _take_members(document, scanner)
            document.end = scanner.position
        else:
            scanner.skip()
            document.end = len(text)
    except Malformed as fault:
        document.torn = _set_aside(text, document.end, len(text), fault.position)
    return document


def _take_members(document: Document, scanner: Scanner) -> None:
    for written in scanner.members():
        name = member_name(written)
        is_repeated = name in document.members or (name == "entry" and document.entries is not None)
        if name == "entry" and not is_repeated and scanner.peek() == b"[":
            _take_entries(document, scanner)
        else:
            start = scanner.skip_space()
            scanner.skip()
            value = scanner.text[start : scanner.position]
            if is_repeated:
                detail = "Bundle has two members of this name"
                document.aside.append(Span(start, scanner.position, Reason.DUPLICATE_KEY, detail))
            elif name == "entry" and value != b"null":
                document.aside.append(Span(start, scanner.position, Reason.ENTRY_NOT_A_LIST, "Bundle.entry"))
            document.members.setdefault(name, value)
        document.end, document.torn_entry = scanner.position, -1


def _take_entries(document: Document, scanner: Scanner) -> None:
    entries = document.entries = []
    scanner.require(b"[")
    if scanner.accept(b"]"):
        return
    while True:
        document.end, document.torn_entry = scanner.skip_space(), len(entries)
        try:
            entries.append(_take_entry(scanner))
            document.end, document.torn_entry = scanner.position, len(entries)
            if scanner.accept(b"]"):
                return
            scanner.require(b",")
        except Malformed as fault:
            if (next_entry := _ENTRY_START.search(scanner.text, fault.position)) is None:
                raise
            scanner.position = next_entry.start()
            if scanner.text[document.end : scanner.position].strip(SPACE):
                entries.append((_set_aside(scanner.text, document.end, scanner.position, fault.position), {}))


def _take_entry(scanner: Scanner) -> tuple[Span, dict[str, bytes]]:
    start = scanner.skip_space()
    if scanner.peek() != b"{":
        scanner.skip()
        return Span(start, scanner.position, Reason.NOT_AN_OBJECT, "Bundle.entry: expected object"), {}
    members, repeated = read_members(scanner)
    if repeated:
        detail = "Bundle.entry has two members of one name"
        return Span(start, scanner.position, Reason.DUPLICATE_KEY, detail), {}
    return Span(start, scanner.position), members


def _set_aside(text: bytes, start: int, end: int, position: int) -> Span:
    """The span from `start` to `end`, in which the structure breaks at `position`."""
    if position == len(text):
        return Span(start, end, Reason.TRUNCATED_JSON)
    try:
        text[start:end].decode()
    except UnicodeDecodeError:
        return Span(start, end, Reason.INVALID_UTF8)
    return Span(start, end, Reason.INVALID_JSON)


def _of_resource(
    text: bytes, document: Document, reader: RecordReader
) -> Iterator[tuple[int, list[Outcome]]]:
    span = Span(document.start, document.end)
    if torn := document.torn:
        yield -1, [_fault(Span(document.start, torn.end, torn.reason))]
        return
    try:
        yield -1, [reader.read(text[span.start : span.end])]
    except Refused as refused:
        yield -1, [_fault(span, refused)]


def _of_bundle(document: Document, reader: RecordReader) -> Iterator[tuple[int, list[Outcome]]]:
    time = parse_instant(read_text(document.members.get("timestamp")))
    references = LocalReferences()
    outcomes: list[Outcome] = []
    for span, members in document.entries or ():
        outcome = _of_entry(span, members, reader, time)
        if isinstance(outcome, Resource) and "fullUrl" in members:
            references.add(members["fullUrl"], outcome)
        outcomes.append(outcome)
    yield 0, references.applied(outcomes)
    for span in document.aside:
        yield -1, [_fault(span)]
    if document.torn:
        yield document.torn_entry, [_fault(document.torn)]


def _of_entry(
    span: Span, members: dict[str, bytes], reader: RecordReader, bundle_time: int | None
) -> Outcome:
    if span.reason:
        return _fault(span)
    try:
        return read_entry(members, reader, bundle_time)
    except Refused as refused:
        return _fault(span, refused)


def _fault(span: Span, cause: Refused | None = None) -> Fault:
    reason, detail = (cause.reason, cause.detail) if cause else (span.reason, span.detail)
    if reason is None:
        raise ValueError("only what is set aside is a fault")
    return Fault(span.start, span.end - span.start, reason, detail)
