"""Rules about birth and death."""

from __future__ import annotations

from healthlake.checks.dates import TOMORROW, earliest_day, is_no_day_or_month, is_unreadable
from healthlake.checks.model import Check, Kahn, Terms

_TABLE = "silver_patient_history"
_DEATH = "fhir_date(deceased_datetime_text)"
_FILLERS = "(DATE '0001-01-01', DATE '1753-01-01', DATE '1899-12-30', DATE '1900-01-01', DATE '1901-01-01')"

_EARLIEST_BIRTH = earliest_day("birth_date", "birth_date_text")
_EARLIEST_DEATH = earliest_day(_DEATH, "deceased_datetime_text")

PATIENT_DATE_RULES: tuple[Check, ...] = (
    Check(
        "P30",
        _TABLE,
        "birth_date_stated",
        "A birth date is stated.",
        Kahn.COMPLETENESS,
        "Every summary by age shows these patients as unknown.",
        source="US Core Patient: birthDate (must support)",
        terms=Terms(1, 5),
        violated_when="birth_date_text IS NULL",
        trips={_TABLE: [{"birth_date_text": None, "birth_date": None, "birth_date_precision": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "P31",
        _TABLE,
        "birth_date_readable",
        "The birth date is a FHIR date that exists: a year, a month or a day.",
        Kahn.VALUE,
        "An unreadable date is NULL in birth_date, and the patient has no age.",
        source="FHIR R4: date",
        terms=Terms(0, 1),
        applies_when="birth_date_text IS NOT NULL",
        violated_when=(
            "birth_date_precision IS NULL OR birth_date_precision = 'time' OR"
            f" {is_no_day_or_month('birth_date')}"
        ),
        trips={
            _TABLE: [
                {"birth_date_text": "02/29/1980", "birth_date": None, "birth_date_precision": None},
                {"birth_date_text": "1981-02-29", "birth_date": None},
                {"birth_date_text": "1981-13", "birth_date": None, "birth_date_precision": "month"},
            ]
        },
        passes={_TABLE: [{"birth_date_text": "1980", "birth_date": None, "birth_date_precision": "year"}]},
    ),
    Check(
        "P32",
        _TABLE,
        "birth_date_to_the_day",
        "The birth date is known to the day.",
        Kahn.COMPLETENESS,
        "A year or a month is a legal birth date, and gives no age in years.",
        terms=Terms(5, None),
        applies_when="birth_date_precision IS NOT NULL",
        violated_when="birth_date_precision IN ('year', 'month')",
        trips={_TABLE: [{"birth_date_text": "1980", "birth_date": None, "birth_date_precision": "year"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "P33",
        _TABLE,
        "birth_not_in_future",
        "The birth date is not after the day of the drop, with a day for time zones.",
        Kahn.TEMPORAL,
        "A negative age.",
        source="OHDSI Data Quality Dashboard: plausibleTemporalAfter",
        terms=Terms(0.1, 1),
        applies_when=f"{_EARLIEST_BIRTH} IS NOT NULL",
        violated_when=f"{_EARLIEST_BIRTH} > {TOMORROW}",
        trips={
            _TABLE: [
                {"birth_date": "2026-02-02"},
                {"patient_id": "p2", "birth_date": None, "birth_date_text": "2030"},
                {"patient_id": "p3", "birth_date": None, "birth_date_text": "2026-03"},
            ]
        },
        passes={_TABLE: [{"birth_date": "2026-02-01"}]},
    ),
    Check(
        "P34",
        _TABLE,
        "birth_date_is_no_filler",
        "The birth date is none that systems write where they know none, such as 1900-01-01.",
        Kahn.ATEMPORAL,
        "Fillers make centenarians.",
        terms=Terms(0.1, 1),
        applies_when="birth_date IS NOT NULL",
        violated_when=f"birth_date IN {_FILLERS}",
        trips={_TABLE: [{"birth_date": "1900-01-01"}]},
        passes={_TABLE: [{"birth_date": "1900-01-02"}]},
    ),
    Check(
        "P35",
        _TABLE,
        "age_at_most_120",
        "The patient is at most 120 years old on the day of the drop, or was when they died.",
        Kahn.ATEMPORAL,
        "Two people have ever been older: the century is wrong, or a death was never told.",
        terms=Terms(0.1, 1),
        applies_when=f"birth_date IS NOT NULL AND (NOT is_deceased OR {_EARLIEST_DEATH} IS NOT NULL)",
        violated_when=f"age_in_years(birth_date, coalesce({_EARLIEST_DEATH}, dt)) > 120",
        trips={_TABLE: [{"birth_date": "1880-02-28"}]},
        passes={
            _TABLE: [
                {
                    "birth_date": "1880-02-28",
                    "is_deceased": True,
                    "deceased_datetime_text": "1950-01-01",
                    "deceased_datetime_precision": "day",
                },
                {
                    "birth_date": "1880-02-28",
                    "is_deceased": True,
                    "deceased_datetime_text": "1950",
                    "deceased_datetime_precision": "year",
                },
                # When is not told, and nothing follows from it.
                {"birth_date": "1880-02-28", "is_deceased": True},
            ]
        },
    ),
    Check(
        "P36",
        _TABLE,
        "death_time_readable",
        "The time of death is a FHIR date, or a time with offset.",
        Kahn.VALUE,
        "An unreadable time leaves a dead patient without a day of death.",
        source="FHIR R4: dateTime",
        terms=Terms(0, 1),
        applies_when="deceased_datetime_text IS NOT NULL",
        violated_when=is_unreadable("deceased_datetime"),
        trips={
            _TABLE: [
                {"deceased_datetime_text": "2025-12-01T10:00:00", "deceased_datetime_precision": "time"},
                {"deceased_datetime_text": "2025-02-30", "deceased_datetime_precision": "day"},
            ]
        },
        passes={
            _TABLE: [{"deceased_datetime_text": "2025-12-01", "deceased_datetime_precision": "day"}],
        },
    ),
    Check(
        "P37",
        _TABLE,
        "death_not_before_birth",
        "The day of death, as written, is not before the birth date.",
        Kahn.TEMPORAL,
        "A negative life: one of the two dates is another patient's, or mistyped.",
        source="OHDSI Data Quality Dashboard: plausibleTemporalAfter",
        terms=Terms(0, 1),
        applies_when=f"birth_date IS NOT NULL AND {_DEATH} IS NOT NULL",
        violated_when=f"{_DEATH} < birth_date",
        trips={_TABLE: [{"deceased_datetime_text": "1980-02-28T10:00:00Z"}]},
        # In UTC it is the day before.
        passes={_TABLE: [{"deceased_datetime_text": "1980-02-29T01:00:00+10:00"}]},
    ),
    Check(
        "P38",
        _TABLE,
        "death_not_in_future",
        "The day of death is not after the day of the drop, with a day for time zones.",
        Kahn.TEMPORAL,
        "A patient counted as dead who is alive, or the date is wrong.",
        source="OHDSI Data Quality Dashboard: plausibleTemporalAfter",
        terms=Terms(0.1, 1),
        applies_when=f"{_EARLIEST_DEATH} IS NOT NULL",
        violated_when=f"{_EARLIEST_DEATH} > {TOMORROW}",
        trips={
            _TABLE: [
                {"deceased_datetime_text": "2026-02-02"},
                {"patient_id": "p2", "deceased_datetime_text": "2040"},
            ]
        },
        passes={_TABLE: [{"deceased_datetime_text": "2026-02-01T10:00:00+13:00"}]},
    ),
)
