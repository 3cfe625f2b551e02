"""What can become of an entry: a resource, a deletion or a fault. Fields are named like the bronze columns that they
fill."""

from __future__ import annotations

from typing import NamedTuple

from healthlake.split.reasons import Reason


class Resource(NamedTuple):
    """A resource: its row in a bronze table but for day and position. `resource` is canonical JSON,
    `last_updated` microseconds since 1970."""

    resource_type: str
    resource_id: str
    last_updated: int | None
    content_hash: str
    resource_bytes: int
    shape_error: str | None
    local_references: str | None
    resource: bytes


class Deletion(NamedTuple):
    """A deletion: its row in `bronze_deletion` but for day and position."""

    resource_type: str
    resource_id: str
    deleted_datetime: int | None
    content_hash: str


class Fault(NamedTuple):
    """What was set aside: its row in `bronze_quarantine` but for day and position. `detail` is structural: it
    never holds a value of the record."""

    byte_offset: int
    byte_length: int
    reason: Reason
    detail: str | None


class Placed(NamedTuple):
    """An outcome and its position in the file."""

    line: int
    entry: int
    outcome: Resource | Deletion | Fault


class Refused(Exception):
    """A record can't be taken. Carries a reason and a structural detail, never a value."""

    def __init__(self, reason: Reason, detail: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail
