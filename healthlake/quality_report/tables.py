"""Grades, counts and trends by table."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from healthlake.days import days_between
from healthlake.quality_report.model import ReportData, TableDay
from healthlake.words import DASH, percent

GRADES = ("F", "D", "C", "B", "A")
UNGRADED = DASH
_LETTERS_SHOWN = 14
LAYERS = ("bronze", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Past:
    """A table's grade on an earlier day; None where gold has no such day."""

    day: datetime.date
    grade: str | None


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of the table of grades."""

    row: TableDay
    past: tuple[Past, ...]

    @property
    def grade(self) -> str:
        return self.row.grade or UNGRADED

    @property
    def past_text(self) -> str:
        """The grades that `past` shows, for who doesn't see them."""
        return ", ".join(f"{each.day} {each.grade or 'none'}" for each in self.past)


@dataclass(frozen=True, slots=True)
class Series:
    """One small chart: a number by day. `newest` is its value on the day, as text; `note` says what it is
    compared with."""

    table: str
    name: str
    newest: str
    note: str
    points: tuple[Mapping[str, object], ...]


def axis_days(data: ReportData) -> list[datetime.date]:
    """Every day from the first with gold to the last: a day without shows as a gap."""
    days = data.gold_days
    return days_between(days[0], days[-1]) if days else []


def table_lines(data: ReportData) -> list[TableLine]:
    """The tables of the newest day, the worst grade first."""
    grades = {(row.table_name, row.dt): row.grade or UNGRADED for row in data.tables}
    days = axis_days(data)[-_LETTERS_SHOWN:]
    lines = [
        TableLine(row, tuple(Past(day, grades.get((row.table_name, day))) for day in days))
        for row in data.tables
        if row.dt == data.day
    ]
    return sorted(lines, key=lambda line: (_rank(line.row.grade), _place(line.row.table_name)))


def _rank(grade: str | None) -> int:
    return GRADES.index(grade) if grade in GRADES else len(GRADES)


def _place(table: str) -> int:
    """Silver first: it is what people read."""
    return ("silver", "bronze", "gold").index(table.split("_")[0]) if table.startswith(LAYERS) else 3


def grade_counts(lines: Sequence[TableLine]) -> list[tuple[str, int]]:
    """How many tables have which grade, the worst first."""
    counts = Counter(line.grade for line in lines)
    return [(grade, counts[grade]) for grade in (*GRADES, UNGRADED) if counts[grade]]


def row_series(data: ReportData) -> list[Series]:
    """The trend of rows, a chart a table."""
    found = []
    for table, rows in _by_table(data).items():
        last = rows.get(data.day) if data.day else None
        if last is None or not any(row.rows_as_of or row.rows_of_day for row in rows.values()):
            continue
        points = tuple(
            {"day": str(day), "day_rows": row.rows_of_day, "all_rows": row.rows_as_of}
            for day, row in sorted(rows.items())
        )
        came = "" if last.rows_of_day is None else f"{last.rows_of_day:,} of the day"
        found.append(Series(table, table, f"{last.rows_as_of:,}", came, points))
    return sorted(found, key=lambda series: _place(series.table))


def null_series(data: ReportData) -> list[Series]:
    """The null rate of each key column that had a NULL on any day."""
    found = []
    for table, rows in _by_table(data).items():
        columns = list(dict.fromkeys(name for row in rows.values() for name in row.nulls))
        for column in columns:
            points = tuple(_null_point(day, row, column) for day, row in sorted(rows.items()))
            if not any(point["nulls"] for point in points):
                continue
            last = next((point for point in points if point["day"] == str(data.day)), None)
            share = last["percent"] if last else None
            newest = percent(share if isinstance(share, float) else None)
            count = last["nulls"] if last else 0
            found.append(Series(table, column, newest, f"{count:,} rows", points))
    return sorted(found, key=lambda series: _place(series.table))


def _null_point(day: datetime.date, row: TableDay, column: str) -> dict[str, object]:
    nulls = row.nulls.get(column, 0)
    share = 100.0 * nulls / row.rows_as_of if row.rows_as_of else 0.0
    return {"day": str(day), "nulls": nulls, "percent": share, "rows": row.rows_as_of}


def columns_without_null(data: ReportData) -> int:
    """How many key columns had no NULL on any day."""
    nulls: Counter[tuple[str, str]] = Counter()
    for row in data.tables:
        for column, count in row.nulls.items():
            nulls[row.table_name, column] += count
    return sum(not count for count in nulls.values())


def _by_table(data: ReportData) -> dict[str, dict[datetime.date, TableDay]]:
    found: dict[str, dict[datetime.date, TableDay]] = {}
    for row in data.tables:
        found.setdefault(row.table_name, {})[row.dt] = row
    return found
