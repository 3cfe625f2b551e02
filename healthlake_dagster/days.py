"""The days that a command is asked for: read from text, held to the partitions that there are, put into
ranges."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from healthlake.days import days_between, iso_day
from healthlake.errors import UsageError
from healthlake.quarantine import Wanted
from healthlake_dagster.settings import Settings


def parse_day(text: str, option: str) -> datetime.date:
    """The day that an option names; `UsageError` says what was expected."""
    day = iso_day(text)
    if day is None:
        raise UsageError(f"reading {option}: {text!r} is no day, expected YYYY-MM-DD.")
    return day


def require_partition(settings: Settings, day: datetime.date, doing: str) -> None:
    """`UsageError` where the day has no partition: before the start date, or in the future. `doing` is what
    the message begins with."""
    today = datetime.datetime.now(datetime.UTC).date()
    if day < settings.start_date:
        raise UsageError(
            f"{doing}: {day} is before the first day {settings.start_date}. Set"
            " HEALTHLAKE_START_DATE to an earlier day to move it."
        )
    if day > today:
        raise UsageError(f"{doing}: {day} is in the future; today is {today} (UTC).")


def day_range(settings: Settings, first: str, last: str | None) -> list[datetime.date]:
    """Every day from `--from` to `--to`, both included."""
    start = parse_day(first, "--from")
    end = parse_day(last, "--to") if last else start
    if end < start:
        raise UsageError(f"reading --to: {end} is before --from {start}.")
    require_partition(settings, start, "reading --from")
    require_partition(settings, end, "reading --to")
    return days_between(start, end)


def wanted(first: str | None, last: str | None, reason: str | None) -> Wanted:
    """The quarantined rows that `--from`, `--to` and `--reason` ask for."""
    start = parse_day(first, "--from") if first else None
    end = parse_day(last, "--to") if last else None
    if start and end and end < start:
        raise UsageError(f"reading --to: {end} is before --from {start}.")
    return Wanted(start, end, reason)


def newest(stale: Sequence[datetime.date], limit: int) -> tuple[list[datetime.date], list[datetime.date]]:
    """The range of at most `limit` days that ends with the last stale one, and the stale days before it."""
    if not stale:
        return [], []
    first = max(stale[0], stale[-1] - datetime.timedelta(days=limit - 1))
    return days_between(first, stale[-1]), [day for day in stale if day < first]


def stretches(days: Sequence[datetime.date]) -> Iterator[list[datetime.date]]:
    """Days that follow each other, together: a run is for a range."""
    stretch: list[datetime.date] = []
    for day in days:
        if stretch and day - stretch[-1] != datetime.timedelta(days=1):
            yield stretch
            stretch = []
        stretch.append(day)
    if stretch:
        yield stretch
