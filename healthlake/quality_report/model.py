"""What the page is made of: rows of gold as they stand in its tables, and the state of the days.

Field names are column names of the contracts (`columns_of`), so a reader needs no mapping. Nothing here can
hold a value of a record: the samples are counted, not carried.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TableDay:
    """A row of gold_data_quality_dashboard."""

    dt: datetime.date
    table_name: str
    rows_of_day: int | None
    rows_as_of: int
    null_counts: str | None
    null_key_rate: float | None
    exact: int
    superseded: int
    conflicts: int
    re_sent: int
    late: int
    reverted: int
    collapsed: int
    quarantined: int
    orphans: int | None
    days_since_newest_event: int | None
    worst_status: str | None
    grade: str | None

    @property
    def removed(self) -> int:
        """Copies inside the day's drop that were removed."""
        return self.exact + self.superseded + self.conflicts

    @property
    def nulls(self) -> Mapping[str, int]:
        """Rows with NULL by key column."""
        pairs = (part.partition("=") for part in (self.null_counts or "").split(",") if part.strip())
        return {name.strip(): int(count) for name, _, count in pairs}


@dataclass(frozen=True, slots=True)
class RuleDay:
    """A row of gold_dq_result."""

    dt: datetime.date
    rule_id: str
    table_name: str
    rule_name: str
    kahn_class: str | None
    applicable: int | None
    violated: int | None
    violated_percent: float | None
    status: str
    reason: str | None
    warn_percent: float | None
    fail_percent: float | None
    is_blocking: bool
    is_overridden: bool
    rule_set_hash: str | None


@dataclass(frozen=True, slots=True)
class PopulationCount:
    """A row of gold_population_summary of the newest day."""

    measure: str
    time_bucket: str
    category: str
    subcategory: str
    value: int


@dataclass(frozen=True, slots=True)
class DayStates:
    """Which days have come how far, of the whole lake. Ascending, each."""

    landed: tuple[datetime.date, ...] = ()
    silver: tuple[datetime.date, ...] = ()
    gold: tuple[datetime.date, ...] = ()
    stale: tuple[datetime.date, ...] = ()
    """Gold days that would be computed from other inputs now, or were never computed."""
    unsplit: tuple[datetime.date, ...] = ()
    """Days whose bronze or silver is behind their drop."""

    @property
    def without_silver(self) -> tuple[datetime.date, ...]:
        """Landed days that have no silver."""
        return tuple(sorted(set(self.landed) - set(self.silver)))

    @property
    def behind(self) -> tuple[datetime.date, ...]:
        """Days of which some table is not what it could be."""
        parts = (self.without_silver, self.behind_their_drop, self.without_gold, self.stale_gold)
        return tuple(sorted({day for days in parts for day in days}))

    @property
    def without_gold(self) -> tuple[datetime.date, ...]:
        """Days with silver that gold has not."""
        return tuple(sorted(set(self.silver) - set(self.gold)))

    @property
    def stale_gold(self) -> tuple[datetime.date, ...]:
        """Days that gold has and that are stale."""
        return tuple(sorted(set(self.stale) & set(self.gold)))

    @property
    def behind_their_drop(self) -> tuple[datetime.date, ...]:
        """Days with silver that is behind their drop."""
        return tuple(sorted(set(self.unsplit) & set(self.silver)))


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that the page says. `samples` counts the rows of gold_dq_sample of the newest day by rule;
    `descriptions` has rules by (table, rule name); `lake_option` is what its commands need to find the
    lake."""

    first: datetime.date | None
    last: datetime.date | None
    tables: tuple[TableDay, ...] = ()
    rules: tuple[RuleDay, ...] = ()
    samples: Mapping[str, int] = field(default_factory=dict)
    population: tuple[PopulationCount, ...] = ()
    days: DayStates = DayStates()
    descriptions: Mapping[tuple[str, str], str] = field(default_factory=dict)
    lake_option: str = ""

    @property
    def gold_days(self) -> tuple[datetime.date, ...]:
        """The days that the tables hold, ascending."""
        return tuple(sorted({row.dt for row in self.tables} | {row.dt for row in self.rules}))

    @property
    def day(self) -> datetime.date | None:
        """The day that the verdict is about: the newest."""
        return self.gold_days[-1] if self.gold_days else None


def columns_of(kind: type[TableDay] | type[RuleDay] | type[PopulationCount]) -> tuple[str, ...]:
    """The columns that a row is read from, in order."""
    return tuple(each.name for each in dataclasses.fields(kind))
