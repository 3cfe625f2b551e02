"""The Bundle as it should be: every entry a resource. One call of a decoder finds all of them.

Any other Bundle (a deletion, a fault, no JSON) is left to salvage.py, which is slower and knows every
case; both say the same of what both can read.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, Raw, UnsetType

from healthlake.split.entry import may_delete
from healthlake.split.outcome import Outcome, Refused
from healthlake.split.reasons import Reason
from healthlake.split.record import RecordReader
from healthlake.split.references import LocalReferences


class BundleMembers(msgspec.Struct, gc=False):
    """R4's elements of Bundle. One that isn't listed makes the colons not add up, which is safe."""

    resourceType: Raw | UnsetType = UNSET
    id: Raw | UnsetType = UNSET
    meta: Raw | UnsetType = UNSET
    implicitRules: Raw | UnsetType = UNSET
    language: Raw | UnsetType = UNSET
    identifier: Raw | UnsetType = UNSET
    type: Raw | UnsetType = UNSET
    timestamp: Raw | UnsetType = UNSET
    total: Raw | UnsetType = UNSET
    link: Raw | UnsetType = UNSET
    signature: Raw | UnsetType = UNSET
    entry: list[dict[str, Raw]] | UnsetType = UNSET


_decode = msgspec.json.Decoder(BundleMembers).decode


def read_bundle(text: bytes, reader: RecordReader) -> list[Outcome] | None:
    """The resources of a Bundle, one an entry; None where `text` isn't a Bundle of resources alone."""
    try:
        bundle = _decode(text)
        if bundle.resourceType is UNSET or bytes(bundle.resourceType) != b'"Bundle"':
            return None
        resources, colons = _read_entries(() if bundle.entry is UNSET else bundle.entry, reader)
        colons += _colons_around(bundle)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Refused):
        return None
    # A member that was dropped because another has its name took a colon with it: see RecordReader.
    return resources if colons == text.count(b":") else None


def _read_entries(entries: Iterable[dict[str, Raw]], reader: RecordReader) -> tuple[list[Outcome], int]:
    """The resources, and the number of colons in the entries; `Refused` where an entry is no resource."""
    resources: list[Outcome] = []
    references = LocalReferences()
    colons = 0
    for entry in entries:
        raw = entry.pop("resource", None)
        if raw is None:
            raise Refused(Reason.NO_RESOURCE)
        resource, inside = reader.read_unchecked(bytes(raw))
        resources.append(resource)
        colons += inside + 1
        for name, value in entry.items():
            written = bytes(value)
            colons += written.count(b":") + 1
            if name == "fullUrl":
                references.add(written, resource)
            elif name == "request" and may_delete(written):
                raise Refused(Reason.DELETE_WITH_RESOURCE)
    return references.applied(resources), colons


def _colons_around(bundle: BundleMembers) -> int:
    """The number of colons of the Bundle's own members, those inside `entry` left out. A UnicodeDecodeError
    where one is no UTF-8: a decoder that isn't asked for their value doesn't look."""
    members = msgspec.structs.asdict(bundle)
    entry = members.pop("entry")
    given = [bytes(value).decode() for value in members.values() if value is not UNSET]
    return sum(written.count(":") + 1 for written in given) + (entry is not UNSET)
