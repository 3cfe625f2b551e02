"""What a rule is, and what it answers. A rule is declared once: its SQL, its asset check, its row in the docs
and its examples all come from the declaration."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

ExampleRows = Mapping[str, Sequence[Mapping[str, object]]]
"""Table -> rows. A column that a row leaves out has the value of the table's plain row."""


class Kahn(enum.StrEnum):
    """Classes of data quality (Kahn et al. 2016, doi:10.13063/2327-9214.1244), with the flow of records."""

    VALUE = "conformance: value"
    RELATION = "conformance: relation"
    COMPUTATION = "conformance: computation"
    COMPLETENESS = "completeness"
    FLOW = "completeness: flow"
    UNIQUENESS = "plausibility: uniqueness"
    TEMPORAL = "plausibility: time"
    ATEMPORAL = "plausibility: value"


class Status(enum.StrEnum):
    """What became of a rule, from best to worst. Only PASS is a pass."""

    PASS = "pass"  # noqa: S105 - no password
    NOT_APPLICABLE = "not_applicable"
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a share of violations means: above `warn` percent of what a rule applies to it warns, above `fail`
    it fails, None never. `note` says who changed it and why, where a deployment did."""

    warn: float | None
    fail: float | None
    is_blocking: bool = False
    note: str = ""

    @property
    def says(self) -> str:
        """In words, such as `warns above 0 %, fails above 1 %`."""
        parts = [("warns", self.warn), ("fails", self.fail)]
        return (
            ", ".join(f"{what} above {share:g} %" for what, share in parts if share is not None) or "counts"
        )

    def status(self, applicable: int, violated: int) -> Status:
        if not applicable:
            return Status.NOT_APPLICABLE
        if self.fail is not None and violated * 100 > self.fail * applicable:
            return Status.FAIL
        if self.warn is not None and violated * 100 > self.warn * applicable:
            return Status.WARN
        return Status.PASS


FAILS = Terms(None, 0)
"""One violation fails."""

WARNS = Terms(0, None)
"""One violation warns."""

MEASURED = Terms(None, None)
"""Counted, and never held against the data."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of one table.

    A rule about single rows has `violated_when`, and `applies_when` where it doesn't apply to all: conditions
    over the row's columns and those of `looks_up` (see lookups.py), in the portable subset. A condition that
    is NULL doesn't hold. All such rules of a table are one query. Deleted and entered-in-error rows are never
    looked at.

    Any other rule has `sql`, a SELECT of two numbers, how many rows or groups the rule applies to and how
    many violate it, over the relation `{relation}` on day `{day}`; further tables stand under their own names
    (`reads` of that day, `reads_before` of all days up to it). `violators` is then a SELECT of what violates
    it: row_id, content_hash, file_id, line, entry.
    Both are empty where a rule is not about rows. Where rows and NULLs (`counts_nulls_of`) are enough to know
    the two numbers, `counted` makes them of what a table's metadata says, or None where that leaves it open.

    `structural` rules can only be broken by our own code: they run on what is about to be published, and
    block it. `id` is never given to another rule. `note` says what the demo's drops show where they break it.
    """

    id: str
    table: str
    name: str
    description: str
    kahn: Kahn
    why: str
    source: str = "own"
    terms: Terms = FAILS
    violated_when: str = ""
    applies_when: str = ""
    looks_up: tuple[str, ...] = ()
    sql: str = ""
    violators: str = ""
    reads: tuple[str, ...] = ()
    reads_before: tuple[str, ...] = ()
    counted: Callable[[int, Mapping[str, int]], tuple[int, int] | None] | None = None
    counts_nulls_of: tuple[str, ...] = ()
    structural: bool = False
    note: str = ""
    trips: ExampleRows = field(default_factory=dict)
    passes: ExampleRows = field(default_factory=dict)

    @property
    def is_of_rows(self) -> bool:
        return bool(self.violated_when)

    @property
    def has_query(self) -> bool:
        return bool(self.violated_when or self.sql)

    def render(self, relation: str, day: datetime.date) -> str:
        return self.sql.format(relation=relation, day=f"DATE '{day.isoformat()}'")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer of a check for one day: counts only, never a value of a record. `error` says why there is
    no answer."""

    check: Check
    day: datetime.date
    applicable: int
    violated: int
    error: str = ""

    def status(self, terms: Terms | None = None) -> Status:
        """By the rule's own terms, or a deployment's."""
        if self.error:
            return Status.ERROR
        return (terms or self.check.terms).status(self.applicable, self.violated)

    @property
    def passed(self) -> bool:
        return self.status() in (Status.PASS, Status.NOT_APPLICABLE)

    @property
    def is_error(self) -> bool:
        return self.status() in (Status.FAIL, Status.ERROR)
