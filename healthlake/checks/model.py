"""What a check is and what it answers."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """ERROR fails a run or a CI; WARN is shown."""

    ERROR = "ERROR"
    WARN = "WARN"


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of one table.

    `sql` is a SELECT of two numbers, how many rows or groups the rule applies to and how many violate it,
    over the relation `{relation}` on day `{day}`; further tables stand under their own names (`reads`). It is
    empty where a rule is not about rows.
    `structural` rules can only be broken by our own code: they run on what is about to be published, and
    block it.
    """

    table: str
    name: str
    description: str
    sql: str
    severity: Severity = Severity.ERROR
    structural: bool = False
    reads: tuple[str, ...] = ()
    allowed_share: float = 0.0

    def render(self, relation: str, day: datetime.date) -> str:
        return self.sql.format(relation=relation, day=f"DATE '{day.isoformat()}'")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer of a check for one day: counts only, never a value of a record."""

    check: Check
    day: datetime.date
    applicable: int
    violated: int

    @property
    def passed(self) -> bool:
        return self.violated <= self.check.allowed_share * self.applicable

    @property
    def is_error(self) -> bool:
        return not self.passed and self.check.severity is Severity.ERROR
