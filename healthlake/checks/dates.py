"""Days in rules: what FHIR gives without a time of day is NULL in the typed column, and may be wrong too."""

from __future__ import annotations

TOMORROW = "CAST(dt + INTERVAL '1' DAY AS DATE)"
"""SQL for the day after the drop's: what is later lies in the future in every time zone."""


def day_of(column: str) -> str:
    """SQL for the day of a time column: of the time, else of the text where that is a whole date."""
    return f"coalesce(CAST({column} AS DATE), fhir_date({column}_text))"


def earliest_day(day: str, text: str) -> str:
    """SQL for the earliest day that `text` may mean: `day`, else the first of its year."""
    return f"coalesce({day}, fhir_date(concat(substr({text}, 1, 4), '-01-01')))"


def is_unreadable(column: str) -> str:
    """SQL for whether the text of a time column is there and no FHIR date, or a time without an offset."""
    return (
        f"({column}_text IS NOT NULL AND ({column}_precision IS NULL OR ({column}_precision = 'time' AND"
        f" {column} IS NULL) OR ({column}_precision = 'day' AND fhir_date({column}_text) IS NULL)))"
    )
