"""What a job did, table by table and day by day: counts only, so that it may be shown anywhere."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from healthlake.checks.model import CheckResult
from healthlake.contracts.model import Contract, Kind
from healthlake.engine.protocol import Published
from healthlake.errors import HealthlakeError
from healthlake.lake.table_version import Version


@dataclass(frozen=True, slots=True)
class TableDay:
    """A table's rows for one day as published, and whether this run changed them."""

    table: str
    day: datetime.date
    rows: int
    changed: bool
    total_rows: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What kept a table and day from being published."""

    table: str
    day: datetime.date
    error: HealthlakeError


@dataclass(slots=True)
class JobReport:
    """Everything that a job has to say. `faults` is empty where all was published."""

    tables: list[TableDay] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def faulty_days(self, tables: Sequence[str]) -> set[datetime.date]:
        return {fault.day for fault in self.faults if fault.table in tables}


@dataclass(frozen=True, slots=True)
class Listener:
    """Hears of progress: `say` lines, `split` the bytes and entries of a drop as they are done."""

    say: Callable[[str], None] = lambda line: None
    split: Callable[[datetime.date, int, int, int], None] = lambda day, done, total, entries: None


def table_days(
    table: Contract,
    days: Sequence[datetime.date],
    published: Published,
    base: Version,
    rows: Mapping[datetime.date, int],
) -> list[TableDay]:
    """What a publication means for each of `days`: `base` is the table before it, `rows` are those of each
    day after it. A CURRENT table changed for all of them or for none: a day's rows may have moved to another
    partition."""
    total = sum(rows.values())
    found = []
    for day in days:
        files = [file for file in published.version.files if file.day == day]
        before = [file for file in base.files if file.day == day]
        changed = published.changed if table.kind is Kind.CURRENT else files != before
        found.append(TableDay(table.name, day, rows.get(day, 0), changed, total))
    return found


def report_lines(report: JobReport) -> list[str]:
    """The report as lines: rows of each table and day, and the checks that did not pass."""
    lines = []
    for each in report.tables:
        unchanged = "" if each.changed else ", unchanged"
        lines.append(f"{each.table} {each.day}: {each.rows:,} rows{unchanged}")
    for result in report.checks:
        if not result.passed:
            check = result.check
            found = result.error or f"violated by {result.violated:,} of {result.applicable:,}"
            lines.append(
                f"{result.status().upper()} {check.table} {check.name} {result.day}: {found}:"
                f" {check.description}"
            )
    return lines
