"""One Bundle entry -> a resource or a deletion, in every case that comes up."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from healthlake.split.instant import parse_instant
from healthlake.split.outcome import Deletion, Refused, Resource
from healthlake.split.reasons import Reason
from healthlake.split.record import RecordReader
from healthlake.split.scanner import Malformed, Scanner, read_text

_TARGET = re.compile(r"(?:https?://[^?#]+/|/)?([A-Z][A-Za-z]*)/([^/?#]+)")
_NULL = b"null"

ENTRY_START = re.compile(
    rb'\{[ \t\r\n]*+"(?:fullUrl"[ \t\r\n]*+:|(?:resource|request)"[ \t\r\n]*+:[ \t\r\n]*+\{)'
)
"""What looks like the start of an entry."""

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class StatedTime(NamedTuple):
    """A time that may be stated somewhere, in microseconds since 1970, and whether what is stated is no
    instant."""

    micros: int | None
    is_unreadable: bool

    @classmethod
    def of(cls, written: bytes | None) -> StatedTime:
        """That of a member's value as written."""
        micros = parse_instant(read_text(written))
        return cls(micros, micros is None and written is not None and written != _NULL)

    def otherwise(self, other: StatedTime) -> StatedTime:
        """This one, or else the other."""
        if self.micros is not None:
            return self
        return StatedTime(other.micros, self.is_unreadable or other.is_unreadable)


NO_TIME = StatedTime(None, False)


def may_delete(request: bytes) -> bool:
    """Whether a request may be a DELETE: quick, and right where it says no."""
    return b"DELETE" in request or b"\\" in request


def read_entry(
    members: Mapping[str, bytes], reader: RecordReader, bundle_time: StatedTime
) -> Resource | Deletion:
    """What an entry's members (as written) amount to; `Refused` where that is nothing.

    A deletion's time is response.lastModified, else `bundle_time`. A request that isn't DELETE says how a
    server is to store the resource, which makes no difference here. DELETE together with a resource
    contradicts itself and is refused.
    """
    resource = members.get("resource", _NULL)
    request = members.get("request", _NULL)
    url = _deleted_url(request) if may_delete(request) else None
    if url is None:
        if resource == _NULL:
            raise Refused(Reason.NO_RESOURCE)
        return reader.read(resource)
    if resource != _NULL:
        raise Refused(Reason.DELETE_WITH_RESOURCE)
    if "?" in url:
        raise Refused(Reason.CONDITIONAL_DELETE)
    if (target := _TARGET.fullmatch(url)) is None:
        raise Refused(Reason.DELETE_WITHOUT_TARGET, "request.url: expected Type/id")
    response, _ = _members_of(members.get("response", _NULL))
    time = StatedTime.of(response.get("lastModified")).otherwise(bundle_time)
    return _deletion(target[1], target[2], time)


def entry_members(written: bytes) -> tuple[dict[str, bytes], bool]:
    """As `read_members` of all of a text, most often by a decoder; `Malformed` where that is no object."""
    try:
        found = {name: bytes(value) for name, value in _decode_members(written).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return read_members(Scanner(written))
    # A member that was dropped because another has its name took a colon with it: see RecordReader.
    if written.count(b":") != sum(value.count(b":") for value in found.values()) + len(found):
        return read_members(Scanner(written))
    return found, False


def read_members(scanner: Scanner) -> tuple[dict[str, bytes], bool]:
    """Name -> value as written of an object's members, the first one's where two have one name, and
    whether two have. Moves `scanner` past the object; `Malformed` where it is none."""
    members: dict[str, bytes] = {}
    has_repeats = False
    for name in scanner.members():
        start = scanner.skip_space()
        scanner.skip()
        has_repeats |= name in members
        members.setdefault(name, scanner.text[start : scanner.position])
    return members, has_repeats


def _members_of(written: bytes) -> tuple[dict[str, bytes], bool]:
    try:
        return read_members(Scanner(written))
    except Malformed:
        return {}, False


def _deleted_url(request: bytes) -> str | None:
    """The URL of a DELETE, empty where it has none; None where the request is no DELETE."""
    members, has_repeats = _members_of(request)
    if has_repeats:
        raise Refused(Reason.DUPLICATE_KEY, "request has two members of one name")
    if read_text(members.get("method")) != "DELETE":
        return None
    return read_text(members.get("url")) or ""


def _deletion(resource_type: str, resource_id: str, time: StatedTime) -> Deletion:
    """`content_hash` is that of `["<type>","<id>",<microseconds since 1970 or null>]`."""
    content = msgspec.json.encode([resource_type, resource_id, time.micros])
    digest = hashlib.sha256(content).hexdigest()
    return Deletion(resource_type, resource_id, time.micros, digest, time.is_unreadable)
