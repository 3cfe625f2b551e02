"""What can become of an entry: a resource, a deletion or a fault.

Fields are named like the bronze columns that they fill. `gc=False`: a batch holds tens of thousands of these,
and none can be part of a circle, so Python's collector needn't go through them (5 % of a day's time).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from healthlake.split.reasons import Reason


class Resource(msgspec.Struct, frozen=True, gc=False):
    """A resource: its row in a bronze table but for day and position. `resource` is canonical JSON,
    `last_updated` microseconds since 1970. `is_time_unreadable` is no column: its meta.lastUpdated is there
    and is no instant."""

    resource_type: str
    resource_id: str
    last_updated: int | None
    content_hash: str
    resource_bytes: int
    shape_error: str | None
    local_references: str | None
    resource: bytes
    is_time_unreadable: bool = False


class Deletion(msgspec.Struct, frozen=True, gc=False):
    """A deletion: its row in `bronze_deletion` but for day and position. `is_time_unreadable` is no column: a
    time that would count for it is there and is no instant."""

    resource_type: str
    resource_id: str
    deleted_datetime: int | None
    content_hash: str
    is_time_unreadable: bool = False


class Fault(msgspec.Struct, frozen=True, gc=False):
    """What was set aside: its row in `bronze_quarantine` but for day and position. `detail` is structural: it
    never holds a value of the record."""

    byte_offset: int
    byte_length: int
    reason: Reason
    detail: str | None = None


Outcome = Resource | Deletion | Fault


class Run(NamedTuple):
    """Outcomes of neighbours in a file: those of the entries from `entry` on, or of one document with -1."""

    line: int
    entry: int
    outcomes: Sequence[Outcome]


class Refused(Exception):
    """A record can't be taken. Carries a reason and a structural detail, never a value."""

    def __init__(self, reason: Reason, detail: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail
