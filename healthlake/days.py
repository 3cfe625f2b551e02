"""Days as text: one spelling, which is also that of a folder and a partition key."""

from __future__ import annotations

import datetime


def iso_day(text: str) -> datetime.date | None:
    """The day that `text` names as YYYY-MM-DD; None for everything else, 20260101 too."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def days_between(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """Every day from `first` to `last`, both included."""
    return [first + datetime.timedelta(days=number) for number in range((last - first).days + 1)]
