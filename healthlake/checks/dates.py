"""Days in rules: what FHIR gives without a time of day is NULL in the typed column, and may be wrong too."""

from __future__ import annotations


def day_of(column: str) -> str:
    """SQL for the day of a time column: of the time, else of the text where that is a whole date."""
    return f"coalesce(CAST({column} AS DATE), fhir_date({column}_text))"


def earliest_day(day: str, text: str) -> str:
    """SQL for the earliest day that `text` may mean: `day`, else the first of its year."""
    return f"coalesce({day}, fhir_date(concat(substr({text}, 1, 4), '-01-01')))"
