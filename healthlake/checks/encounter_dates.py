"""Rules about when encounters took place. Planned and cancelled ones took place at no time, and are left
out."""

from __future__ import annotations

from healthlake.checks.dates import TOMORROW, day_of, earliest_day, is_after, is_unreadable
from healthlake.checks.model import Check, Kahn, Terms

_TABLE = "silver_encounter_history"
_PATIENT = "silver_patient_history"
_TOOK_PLACE = "coalesce(status, '') NOT IN ('planned', 'cancelled')"
_START, _END = day_of("period_start"), day_of("period_end")
_EARLIEST_START = earliest_day(_START, "period_start_text")
_DEATH = day_of("patient_deceased_datetime")
_STAYS = (
    "FROM {relation} WHERE dt = {day} AND NOT is_deleted AND status = 'finished' AND class_code IN ('IMP',"
    " 'ACUTE', 'NONAC') AND part_of_id IS NULL AND patient_id IS NOT NULL AND period_start IS NOT NULL AND"
    " period_end IS NOT NULL"
)
_OVERLAPPING = (
    "SELECT *, max(period_end) OVER (PARTITION BY patient_id ORDER BY period_start, encounter_id ROWS BETWEEN"
    f" UNBOUNDED PRECEDING AND 1 PRECEDING) AS end_before {_STAYS}"
)
_TWINS = (
    "SELECT *, row_number() OVER (PARTITION BY patient_id, class_code, type_code, period_start, period_end"
    " ORDER BY encounter_id) AS copy_number FROM {relation} WHERE dt = {day} AND NOT is_deleted AND"
    " coalesce(status, '') NOT IN ('planned', 'cancelled', 'entered-in-error') AND patient_id IS NOT NULL AND"
    " period_start IS NOT NULL"
)
_SAMPLE = "SELECT encounter_id AS row_id, content_hash, file_id, line, entry"


ENCOUNTER_DATE_RULES: tuple[Check, ...] = (
    Check(
        "E40",
        _TABLE,
        "start_stated",
        "The start of an encounter that took place is stated.",
        Kahn.COMPLETENESS,
        "It is in no count by month.",
        source="US Core Encounter: period (must support)",
        terms=Terms(1, 5),
        applies_when=_TOOK_PLACE,
        violated_when="period_start_text IS NULL",
        trips={_TABLE: [{"period_start_text": None}]},
        passes={_TABLE: [{}, {"status": "planned", "period_start_text": None}]},
    ),
    Check(
        "E41",
        _TABLE,
        "period_readable",
        "Start and end are FHIR dates, or times with an offset.",
        Kahn.VALUE,
        "An unreadable time is NULL in the typed column, and in no count by month.",
        source="FHIR R4: dateTime",
        terms=Terms(0, 1),
        applies_when="period_start_text IS NOT NULL OR period_end_text IS NOT NULL",
        violated_when=f"{is_unreadable('period_start')} OR {is_unreadable('period_end')}",
        trips={
            _TABLE: [
                {"period_start_text": "2025-12-01T10:00:00", "period_start": None},
                {"period_end_text": "1 Dec 2025", "period_end": None, "period_end_precision": None},
            ]
        },
        passes={
            _TABLE: [
                {
                    "period_start_text": "2025-12",
                    "period_start": None,
                    "period_start_precision": "month",
                }
            ]
        },
    ),
    Check(
        "E42",
        _TABLE,
        "start_has_a_time_of_day",
        "The start is known to the time.",
        Kahn.COMPLETENESS,
        "A day or month is a legal start, and NULL in period_start: the encounter is in no count by month.",
        terms=Terms(5, None),
        applies_when=f"{_TOOK_PLACE} AND period_start_precision IS NOT NULL",
        violated_when="period_start_precision <> 'time'",
        trips={_TABLE: [{"period_start_precision": "day"}]},
        passes={_TABLE: [{}, {"status": "planned", "period_start_precision": "day"}]},
    ),
    Check(
        "E43",
        _TABLE,
        "end_stated_when_finished",
        "A finished encounter has an end.",
        Kahn.COMPLETENESS,
        "Its length is unknown, and by its period it still goes on.",
        source="FHIR R4: Period.end (absent: still going on)",
        terms=Terms(1, 5),
        applies_when="status = 'finished'",
        violated_when="period_end_text IS NULL",
        trips={_TABLE: [{"period_end_text": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E44",
        _TABLE,
        "open_encounter_has_not_ended",
        "An encounter that is said to go on did not end before the day of the drop.",
        Kahn.TEMPORAL,
        "The status was never updated: beds look occupied.",
        source="FHIR R4: Encounter.status",
        terms=Terms(1, 5),
        applies_when="status IN ('arrived', 'triaged', 'in-progress', 'onleave')",
        violated_when=f"{_END} < dt",
        trips={
            _TABLE: [
                {"status": "in-progress"},
                {
                    "encounter_id": "e2",
                    "status": "onleave",
                    "period_end": None,
                    "period_end_text": "2025-12-02",
                },
            ]
        },
        passes={_TABLE: [{"status": "in-progress", "period_end": None, "period_end_text": None}]},
    ),
    Check(
        "E45",
        _TABLE,
        "start_not_after_end",
        "The start is not after the end.",
        Kahn.TEMPORAL,
        "A negative length.",
        source="FHIR R4: per-1; OHDSI Data Quality Dashboard: plausibleStartBeforeEnd",
        terms=Terms(0.1, 1),
        applies_when=f"{_TOOK_PLACE} AND {_START} IS NOT NULL AND {_END} IS NOT NULL",
        violated_when=is_after("period_start", "period_end"),
        trips={
            _TABLE: [
                {"period_end": "2025-12-01T08:59:59"},
                {"encounter_id": "e2", "period_end": None, "period_end_text": "2025-11-30"},
            ]
        },
        passes={
            _TABLE: [
                {"period_end": "2025-12-01T09:00:00"},
                {
                    "period_start": "2025-12-02T04:30:00",
                    "period_start_text": "2025-12-01T23:30:00-05:00",
                    "period_end": None,
                    "period_end_text": "2025-12-01",
                },
            ]
        },
    ),
    Check(
        "E46",
        _TABLE,
        "not_in_future",
        "An encounter that took place did not start after the day of the drop, with a day for time zones.",
        Kahn.TEMPORAL,
        "Somebody booked it and nobody said planned, or the year is wrong.",
        source="OHDSI Data Quality Dashboard: plausibleTemporalAfter",
        terms=Terms(0.1, 1),
        applies_when=f"{_TOOK_PLACE} AND {_EARLIEST_START} IS NOT NULL",
        violated_when=f"{_EARLIEST_START} > {TOMORROW}",
        trips={
            _TABLE: [
                {"period_start": "2026-02-02T00:00:00"},
                {"encounter_id": "e2", "period_start": None, "period_start_text": "2099-01-01"},
                {"encounter_id": "e3", "period_start": None, "period_start_text": "2099"},
            ]
        },
        passes={_TABLE: [{"period_start": "2026-02-01T12:00:00"}]},
    ),
    Check(
        "E47",
        _TABLE,
        "start_not_before_1901",
        "The start is not before 1901.",
        Kahn.ATEMPORAL,
        "Fillers such as 1900-01-01 stand where a system knew no date.",
        source="OHDSI Data Quality Dashboard: plausibleValueLow",
        terms=Terms(0.1, 1),
        applies_when=f"{_TOOK_PLACE} AND {_START} IS NOT NULL",
        violated_when=f"{_START} < DATE '1901-01-02'",
        trips={
            _TABLE: [
                {"period_start": "1900-01-01T00:00:00"},
                {"encounter_id": "e2", "period_start": None, "period_start_text": "1900-01-01"},
            ]
        },
        passes={_TABLE: [{}]},
    ),
    Check(
        "E48",
        _TABLE,
        "at_most_a_year_long",
        "An encounter is at most 365 days long.",
        Kahn.ATEMPORAL,
        "It was never closed, or is an episode of care; either way it spoils lengths of stay.",
        terms=Terms(0.1, 1),
        applies_when=f"{_TOOK_PLACE} AND {_START} IS NOT NULL AND {_END} IS NOT NULL",
        violated_when=f"CAST({_START} + INTERVAL '365' DAY AS DATE) < {_END}",
        trips={_TABLE: [{"period_start": "2024-11-30T09:00:00"}]},
        passes={_TABLE: [{"period_start": "2024-12-01T09:00:00"}]},
    ),
    Check(
        "E49",
        _TABLE,
        "not_before_birth",
        "It did not start before the patient's birth date, with a day for time zones.",
        Kahn.TEMPORAL,
        "The encounter or the birth date is another patient's.",
        source="OHDSI Data Quality Dashboard: plausibleAfterBirth",
        terms=Terms(0.1, 1),
        looks_up=("patient",),
        applies_when=f"{_TOOK_PLACE} AND {_START} IS NOT NULL AND patient_birth_date IS NOT NULL",
        violated_when=f"{_START} < CAST(patient_birth_date - INTERVAL '1' DAY AS DATE)",
        trips={_TABLE: [{}], _PATIENT: [{"birth_date": "2025-12-03"}]},
        passes={_TABLE: [{}], _PATIENT: [{"birth_date": "2025-12-02"}]},
    ),
    Check(
        "E50",
        _TABLE,
        "not_long_after_death",
        "It did not end more than 60 days after the patient's death.",
        Kahn.TEMPORAL,
        "The dead get bills and post-mortem reports for weeks, not for years: the patient lives, or the"
        " encounter is another's.",
        source="OHDSI Data Quality Dashboard: plausibleBeforeDeath",
        terms=Terms(0.1, 1),
        looks_up=("patient",),
        applies_when=f"{_TOOK_PLACE} AND {_START} IS NOT NULL AND {_DEATH} IS NOT NULL",
        violated_when=f"coalesce({_END}, {_START}) > CAST({_DEATH} + INTERVAL '60' DAY AS DATE)",
        trips={
            _TABLE: [{}, {"encounter_id": "e2", "patient_id": "p2"}],
            _PATIENT: [
                {"deceased_datetime": "2025-10-01T09:00:00"},
                {"patient_id": "p2", "deceased_datetime_text": "2025-10-01"},
            ],
        },
        passes={_TABLE: [{}], _PATIENT: [{"deceased_datetime": "2025-10-02T09:00:00"}]},
    ),
    Check(
        "E51",
        _TABLE,
        "stays_do_not_overlap",
        "No inpatient stay of the day starts before another of the same patient ended.",
        Kahn.TEMPORAL,
        "A patient lies in one bed at a time: a stay was sent under two ids, or an end is wrong.",
        terms=Terms(1, 5),
        sql=(
            "SELECT count(*), coalesce(sum(CASE WHEN end_before > period_start THEN 1 ELSE 0 END), 0) FROM"
            f" ({_OVERLAPPING}) AS s"
        ),
        violators=f"{_SAMPLE} FROM ({_OVERLAPPING}) AS s WHERE end_before > period_start",
        trips={_TABLE: [{"class_code": "IMP"}, {"encounter_id": "e2", "class_code": "IMP"}]},
        passes={
            _TABLE: [
                {"class_code": "IMP"},
                {
                    "encounter_id": "e2",
                    "class_code": "IMP",
                    "period_start": "2025-12-01T09:15:00",
                    "period_end": "2025-12-02T09:15:00",
                },
            ]
        },
    ),
    Check(
        "E52",
        _TABLE,
        "no_twin",
        "No encounter of the day has the same patient, class, type, start and end as another.",
        Kahn.UNIQUENESS,
        "One visit under two ids is counted twice.",
        source="synthetichealth/synthea issue 1545",
        terms=Terms(1, 5),
        sql=(
            "SELECT count(*), coalesce(sum(CASE WHEN copy_number > 1 THEN 1 ELSE 0 END), 0) FROM"
            f" ({_TWINS}) AS t"
        ),
        violators=f"{_SAMPLE} FROM ({_TWINS}) AS t WHERE copy_number > 1",
        trips={_TABLE: [{}, {"encounter_id": "e2"}]},
        passes={_TABLE: [{}, {"encounter_id": "e2", "period_start": "2025-12-01T09:01:00"}]},
    ),
    Check(
        "E53",
        _TABLE,
        "last_updated_not_in_future",
        "meta.lastUpdated is not after the day of the drop, with a day for time zones.",
        Kahn.TEMPORAL,
        "Latest wins by this time: a version from the future hides every correction until then.",
        terms=Terms(0, 1),
        applies_when="last_updated IS NOT NULL",
        violated_when=f"CAST(last_updated AS DATE) > {TOMORROW}",
        trips={_TABLE: [{"last_updated": "2026-02-02T00:00:00"}]},
        passes={_TABLE: [{"last_updated": "2026-02-01T13:00:00"}]},
    ),
)
