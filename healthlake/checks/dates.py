"""Days in rules: what FHIR gives without a time of day is NULL in the typed column, and may be wrong too."""

from __future__ import annotations

TOMORROW = "CAST(dt + INTERVAL '1' DAY AS DATE)"
"""SQL for the day after the drop's: what is later lies in the future in every time zone."""


def day_of(column: str) -> str:
    """SQL for the day of a time column: of the time, else of the text where that is a whole date."""
    return f"coalesce(CAST({column} AS DATE), fhir_date({column}_text))"


def earliest_day(day: str, text: str) -> str:
    """SQL for the earliest day that `text` may mean: `day`, else the first of its month, else of its year."""
    first_of_year = f"concat(substr({text}, 1, 4), '-01-01')"
    return f"coalesce({day}, fhir_date(concat({text}, '-01')), fhir_date({first_of_year}))"


def is_after(column: str, other: str) -> str:
    """SQL for whether one time column is after another. A day has no zone: where one side is one, both are
    compared as they are written."""
    return f"coalesce({column} > {other}, fhir_date({column}_text) > fhir_date({other}_text))"


def is_no_day_or_month(column: str) -> str:
    """SQL for whether a text that has the form of a day or a month is of none that exists."""
    day, month = f"fhir_date({column}_text)", f"fhir_date(concat({column}_text, '-01'))"
    precision = f"{column}_precision"
    return f"({precision} = 'day' AND {day} IS NULL) OR ({precision} = 'month' AND {month} IS NULL)"


def is_unreadable(column: str) -> str:
    """SQL for whether the text of a time column is there and no FHIR date, or a time without an offset."""
    return (
        f"({column}_text IS NOT NULL AND ({column}_precision IS NULL OR ({column}_precision = 'time' AND"
        f" {column} IS NULL) OR {is_no_day_or_month(column)}))"
    )
