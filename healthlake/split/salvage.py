"""A text that can't be read in one go -> every well-formed entry of it, and faults for the rest.

A broken record costs itself alone. It is for what a decoder refuses as a whole, and for what is too large to
have all its resources in memory at once: they are given a few at a time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import msgspec
from msgspec import UNSET, Raw, UnsetType

from healthlake.split.bundle import BundleMembers
from healthlake.split.document import Document, Span, take_apart
from healthlake.split.entry import NO_TIME, StatedTime, entry_members, read_entry
from healthlake.split.outcome import Fault, Outcome, Refused, Resource, Run
from healthlake.split.reasons import Reason
from healthlake.split.record import RecordReader
from healthlake.split.references import LocalReferences, explains_itself
from healthlake.split.scanner import Scanner

_MEMBERS = frozenset(BundleMembers.__struct_fields__)

_RUN_ENTRIES = 256
_RUN_BYTES = 1024 * 1024
"""A run ends at either."""


class _Named(msgspec.Struct, gc=False):
    id: str | UnsetType = UNSET


class _FullUrl(msgspec.Struct, gc=False):
    """What tells of an entry whether its fullUrl needs explaining."""

    fullUrl: Raw | UnsetType = UNSET
    resource: _Named | UnsetType = UNSET


_decode_full_url = msgspec.json.Decoder(_FullUrl).decode


def salvage(
    text: bytes, reader: RecordReader, line: int = 1, offset: int = 0, export_time: StatedTime = NO_TIME
) -> Generator[Run, None, bool]:
    """All that `text` holds; returns whether there is a Bundle in it. It starts at `offset` of the file, in
    `line`. `export_time` is that of deletions without one of their own.

    A text may hold several documents if each starts on a line of its own. What follows one on the line
    where it ends is a fault.
    """
    has_bundle, position, last_line = False, 0, 0
    while (start := Scanner(text, position).skip_space()) < len(text):
        line += text.count(b"\n", position, start)
        if line == last_line:
            rest = Span(start, len(text), Reason.INVALID_JSON, "text after the document")
            yield Run(line, -1, [_set_aside(rest, offset)])
            break
        document = take_apart(text, start)
        if document.is_bundle():
            has_bundle = True
            yield from _Bundle(document, reader, offset, export_time).runs(line)
        else:
            yield Run(line, -1, [_of_resource(document, reader, offset)])
        if document.torn:
            break
        position = document.end
        last_line = line = line + text.count(b"\n", start, position)
    return has_bundle


def _of_resource(document: Document, reader: RecordReader, offset: int) -> Outcome:
    start, end = document.start, document.end
    if torn := document.torn:
        return Fault(start + offset, torn.end - start, torn.reason)
    try:
        return reader.read(document.text[start:end])
    except Refused as refused:
        return Fault(start + offset, end - start, refused.reason, refused.detail)


class _Bundle:
    """A Bundle that is read entry by entry."""

    def __init__(
        self, document: Document, reader: RecordReader, offset: int, export_time: StatedTime
    ) -> None:
        self._document = document
        self._reader = reader
        self._offset = offset
        self._time = StatedTime.of(document.written("timestamp")).otherwise(export_time)

    def runs(self, line: int) -> Iterator[Run]:
        document = self._document
        for span in (*document.aside, *self._lost_members()):
            yield Run(line, -1, [_set_aside(span, self._offset)])
        references = self._references()
        outcomes: list[Outcome] = []
        first = size = 0
        for index in range(len(document.entries)):
            outcome, _ = self._read(index)
            outcomes.append(outcome)
            if isinstance(outcome, Resource):
                size += outcome.resource_bytes
            if len(outcomes) == _RUN_ENTRIES or size >= _RUN_BYTES:
                yield Run(line, first, references.applied(outcomes))
                outcomes, first, size = [], index + 1, 0
        yield Run(line, first, references.applied(outcomes))
        if document.torn:
            yield Run(line, document.entry, [_set_aside(document.torn, self._offset)])

    def _lost_members(self) -> Iterator[Span]:
        """Of the Bundle's own members those that hold resources without being `entry` (one letter of that
        name is enough to lose them all), and those that are no JSON."""
        document = self._document
        seen = {span.start for span in document.aside}
        for name, (start, end) in document.members.items():
            if start in seen:
                continue
            if name not in _MEMBERS and document.text.find(b'"resource', start, end) >= 0:
                yield Span(start, end, Reason.UNKNOWN_BUNDLE_MEMBER)
                continue
            try:
                # The scanner gives a name that is no JSON as it is written.
                self._reader.value(document.text[start:end] if name[:1] != '"' else name.encode())
            except Refused as refused:
                yield Span(start, end, refused.reason, refused.detail)

    def _references(self) -> LocalReferences:
        """The fullUrls of all entries. They must be known before the first entry is given; those that end in
        an id, as most do, are told without reading the resource."""
        references = LocalReferences()
        for index in range(len(self._document.entries)):
            if not self._explains_itself(index):
                outcome, full_url = self._read(index)
                if full_url is not None and isinstance(outcome, Resource):
                    references.add(full_url, outcome)
        return references

    def _explains_itself(self, index: int) -> bool:
        """Whether no other entry needs to be told what the fullUrl of this one means. No is a guess."""
        try:
            entry = _decode_full_url(self._written(index))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        if entry.fullUrl is UNSET:
            return True
        if entry.resource is UNSET or entry.resource.id is UNSET:
            return False
        return explains_itself(bytes(entry.fullUrl), entry.resource.id)

    def _written(self, index: int) -> bytes:
        entries = self._document.entries
        return self._document.text[entries.starts[index] : entries.ends[index]]

    def _read(self, index: int) -> tuple[Outcome, bytes | None]:
        """What an entry amounts to, and its fullUrl as written."""
        written, full_url = self._written(index), None
        try:
            if reason := self._document.entries.broken.get(index):
                raise Refused(reason)
            if not written.startswith(b"{"):
                raise Refused(Reason.NOT_AN_OBJECT, "Bundle.entry: expected object")
            members, has_repeats = entry_members(written)
            if has_repeats:
                raise Refused(Reason.DUPLICATE_KEY, "Bundle.entry has two members of one name")
            full_url = members.get("fullUrl")
            return read_entry(members, self._reader, self._time), full_url
        except Refused as refused:
            start = self._offset + self._document.entries.starts[index]
            return Fault(start, len(written), refused.reason, refused.detail), None


def _set_aside(span: Span, offset: int) -> Fault:
    return Fault(span.start + offset, span.end - span.start, span.reason, span.detail)
