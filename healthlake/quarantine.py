"""What was set aside: the rows of both quarantine tables, and what a replay did with them.

No value of a record and no file's name is in what this gives.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from healthlake.conform.history import WRONG_SHAPE
from healthlake.contracts.bronze import BRONZE_QUARANTINE, POSITION_NAMES
from healthlake.contracts.silver import SILVER_QUARANTINE
from healthlake.engine.protocol import Engine
from healthlake.split import Reason

TABLES = (BRONZE_QUARANTINE, SILVER_QUARANTINE)

_NO_STRETCH = "CAST(NULL AS BIGINT) AS byte_offset, CAST(NULL AS BIGINT) AS byte_length"
_STRETCH = {BRONZE_QUARANTINE.name: "byte_offset, byte_length", SILVER_QUARANTINE.name: _NO_STRETCH}


@dataclass(frozen=True, slots=True, order=True)
class Quarantined:
    """A row of a quarantine table. Silver's have no bytes: they lead to a row of bronze."""

    dt: datetime.date
    table: str
    reason: str
    file_id: str
    line: int
    entry: int
    byte_offset: int | None
    byte_length: int | None
    detail: str | None

    @property
    def key(self) -> tuple[object, ...]:
        """What identifies the row."""
        return self.dt, self.table, self.file_id, self.line, self.entry, self.byte_offset


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are meant: those from day `first` to `last`, for a `reason`; None where it doesn't
    matter."""

    first: datetime.date | None = None
    last: datetime.date | None = None
    reason: str | None = None

    def __contains__(self, row: Quarantined) -> bool:
        return (
            (self.first is None or row.dt >= self.first)
            and (self.last is None or row.dt <= self.last)
            and self.reason in (None, row.reason)
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did with the rows of a day that it was made for: how many left quarantine and how many
    stay; and how many rows are new there."""

    dt: datetime.date
    left: int
    stay: int
    new: int


def quarantined(engine: Engine) -> list[Quarantined]:
    """All rows, by day, table, reason and position."""
    selects = []
    for table in TABLES:
        engine.read(table)
        selects.append(
            f"SELECT dt, '{table.name}' AS quarantine, reason, {', '.join(POSITION_NAMES)},"
            f" {_STRETCH[table.name]}, detail FROM {table.name}"
        )
    engine.doing("listing what is in quarantine")
    return sorted((Quarantined(*row) for row in engine.rows(" UNION ALL ".join(selects))), key=_order)


def replayed(wanted: Wanted, before: Sequence[Quarantined], after: Sequence[Quarantined]) -> list[Replayed]:
    """Compares all rows before a replay of the `wanted` ones with all rows after it."""
    found = []
    for day in dict.fromkeys(row.dt for row in before if row in wanted):
        were = {row.key for row in before if row.dt == day}
        asked = {row.key for row in before if row.dt == day and row in wanted}
        now = {row.key for row in after if row.dt == day}
        found.append(Replayed(day, len(asked - now), len(asked & now), len(now - were)))
    return found


def reasons() -> tuple[str, ...]:
    """Every reason that a row can have."""
    return (*Reason, WRONG_SHAPE)


def _order(row: Quarantined) -> tuple[object, ...]:
    return row.dt, row.table, row.reason, row.file_id, row.line, row.entry, row.byte_offset or 0
