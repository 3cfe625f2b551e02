"""Days, numbers and lists as a reader has them in a sentence."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

DASH = "\N{EN DASH}"
"""What stands where there is no number."""

_ONE_DAY = datetime.timedelta(days=1)
_RANGES_SHOWN = 6


def long_day(day: datetime.date) -> str:
    """3 January 2026."""
    return f"{day.day} {day:%B %Y}"


def short_day(day: datetime.date) -> str:
    """3 Jan."""
    return f"{day.day} {day:%b}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """1 rule, 2 rules."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def ranges(days: Sequence[datetime.date]) -> Iterator[tuple[datetime.date, datetime.date]]:
    """First and last of each stretch of days that follow each other."""
    start = before = None
    for day in days:
        if start is None or before is None:
            start = day
        elif day - before != _ONE_DAY:
            yield start, before
            start = day
        before = day
    if start is not None and before is not None:
        yield start, before


def day_list(days: Sequence[datetime.date]) -> str:
    """2026-01-01 to 2026-01-03, 2026-01-07; what is left out is counted."""
    stretches = list(ranges(days))
    texts = [f"{a}" if a == b else f"{a} to {b}" for a, b in stretches[:_RANGES_SHOWN]]
    if len(stretches) > _RANGES_SHOWN:
        texts.append(f"and {len(stretches) - _RANGES_SHOWN} more stretches")
    return ", ".join(texts)


def percent(share: float | None) -> str:
    """A percentage that never rounds something to nothing, or almost all to all."""
    if share is None:
        return DASH
    if share == 0 or share == 100:
        return f"{share:.0f} %"
    if share < 0.01:
        return "< 0.01 %"
    if share > 99.9:
        return "> 99.9 %"
    return f"{share:.2f} %" if share < 10 else f"{share:.1f} %"
