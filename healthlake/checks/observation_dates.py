"""Rules about when something was observed."""

from __future__ import annotations

from healthlake.checks.dates import TOMORROW, day_of, earliest_day, is_after, is_unreadable
from healthlake.checks.model import Check, Kahn, Terms

_TABLE = "silver_observation_history"
_PATIENT = "silver_patient_history"
_ENCOUNTER = "silver_encounter_history"
_ON, _END = day_of("obs_datetime"), day_of("effective_end")
_EARLIEST = earliest_day(_ON, "obs_datetime_text")
_DEATH = day_of("patient_deceased_datetime")

OBSERVATION_DATE_RULES: tuple[Check, ...] = (
    Check(
        "O30",
        _TABLE,
        "time_stated",
        "An observation that was made says when.",
        Kahn.COMPLETENESS,
        "It is in no trend, and in no count by month.",
        source="US Core Observation: effective[x] (must support; 1..1 for vital signs)",
        terms=Terms(1, 5),
        applies_when="status IN ('preliminary', 'final', 'amended', 'corrected')",
        violated_when="effective_type IS NULL",
        trips={_TABLE: [{"effective_type": None}]},
        passes={_TABLE: [{"effective_type": "Timing"}]},
    ),
    Check(
        "O31",
        _TABLE,
        "time_readable",
        "The time is a FHIR date, or a time with an offset; so is the end of a period.",
        Kahn.VALUE,
        "An unreadable time is NULL in the typed column, and the value in no trend.",
        source="FHIR R4: dateTime",
        terms=Terms(0, 1),
        applies_when="obs_datetime_text IS NOT NULL OR effective_end_text IS NOT NULL",
        violated_when=f"{is_unreadable('obs_datetime')} OR {is_unreadable('effective_end')}",
        trips={
            _TABLE: [
                {"obs_datetime_text": "2025-12-01 10:05", "obs_datetime_precision": None},
                {"obs_datetime_text": "2025-12-01T10:05:00", "obs_datetime": None},
            ]
        },
        passes={
            _TABLE: [
                {
                    "obs_datetime_text": "2025-12-01",
                    "obs_datetime": None,
                    "obs_datetime_precision": "day",
                }
            ]
        },
    ),
    Check(
        "O32",
        _TABLE,
        "time_has_a_time_of_day",
        "The time is known to the time of day.",
        Kahn.COMPLETENESS,
        "A day is a legal time, and NULL in obs_datetime: such values are not in silver_fct_observation.",
        terms=Terms(5, None),
        applies_when="obs_datetime_precision IS NOT NULL",
        violated_when="obs_datetime_precision <> 'time'",
        trips={_TABLE: [{"obs_datetime_precision": "day"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O33",
        _TABLE,
        "not_in_future",
        "It was not observed after the day of the drop, with a day for time zones.",
        Kahn.TEMPORAL,
        "A wrong year stays the newest value of every trend.",
        source="OHDSI Data Quality Dashboard: plausibleTemporalAfter",
        terms=Terms(0.1, 1),
        applies_when=f"{_EARLIEST} IS NOT NULL",
        violated_when=f"{_EARLIEST} > {TOMORROW}",
        trips={
            _TABLE: [
                {"obs_datetime": "2026-02-02T00:00:00"},
                {"observation_id": "o2", "obs_datetime": None, "obs_datetime_text": "2099-01-01"},
                {"observation_id": "o3", "obs_datetime": None, "obs_datetime_text": "2099-01"},
            ]
        },
        passes={_TABLE: [{"obs_datetime": "2026-02-01T12:00:00"}]},
    ),
    Check(
        "O34",
        _TABLE,
        "not_before_1901",
        "It was not observed before 1901.",
        Kahn.ATEMPORAL,
        "Fillers such as 1900-01-01 stand where a system knew no date.",
        source="OHDSI Data Quality Dashboard: plausibleValueLow",
        terms=Terms(0.1, 1),
        applies_when=f"{_ON} IS NOT NULL",
        violated_when=f"{_ON} < DATE '1901-01-02'",
        trips={
            _TABLE: [
                {"obs_datetime": "1900-01-01T00:00:00"},
                {"observation_id": "o2", "obs_datetime": None, "obs_datetime_text": "1900-01-01"},
            ]
        },
        passes={_TABLE: [{}]},
    ),
    Check(
        "O35",
        _TABLE,
        "start_not_after_end",
        "The start of the effective period is not after its end.",
        Kahn.TEMPORAL,
        "A negative length.",
        source="FHIR R4: per-1",
        terms=Terms(0.1, 1),
        applies_when=f"{_ON} IS NOT NULL AND {_END} IS NOT NULL",
        violated_when=is_after("obs_datetime", "effective_end"),
        trips={
            _TABLE: [
                {"effective_end": "2025-12-01T09:04:00"},
                {"observation_id": "o2", "effective_end": None, "effective_end_text": "2025-11-30"},
            ]
        },
        passes={
            _TABLE: [
                {"effective_end": "2025-12-01T09:05:00"},
                {
                    "obs_datetime": "2025-12-02T04:30:00",
                    "obs_datetime_text": "2025-12-01T23:30:00-05:00",
                    "effective_end": None,
                    "effective_end_text": "2025-12-01",
                },
            ]
        },
    ),
    Check(
        "O36",
        _TABLE,
        "issued_not_before_observed",
        "The result was not issued before it was observed.",
        Kahn.TEMPORAL,
        "The two times are swapped, or one has lost its offset.",
        source="FHIR R4: Observation.issued",
        terms=Terms(1, 5),
        applies_when="obs_datetime IS NOT NULL AND issued IS NOT NULL",
        violated_when="issued < obs_datetime",
        trips={_TABLE: [{"issued": "2025-12-01T09:04:00"}]},
        passes={_TABLE: [{"issued": "2025-12-01T09:05:00"}]},
    ),
    Check(
        "O37",
        _TABLE,
        "not_before_birth",
        "It was not observed before the patient's birth date, with a day for time zones.",
        Kahn.TEMPORAL,
        "The value or the birth date is another patient's.",
        source="OHDSI Data Quality Dashboard: plausibleAfterBirth",
        terms=Terms(0.1, 1),
        looks_up=("patient",),
        applies_when=f"{_ON} IS NOT NULL AND patient_birth_date IS NOT NULL",
        violated_when=f"{_ON} < CAST(patient_birth_date - INTERVAL '1' DAY AS DATE)",
        trips={_TABLE: [{}], _PATIENT: [{"birth_date": "2025-12-03"}]},
        passes={_TABLE: [{}], _PATIENT: [{"birth_date": "2025-12-02"}]},
    ),
    Check(
        "O38",
        _TABLE,
        "not_long_after_death",
        "It was not observed more than 60 days after the patient's death.",
        Kahn.TEMPORAL,
        "Post-mortem results come within weeks: the patient lives, or the value is another's.",
        source="OHDSI Data Quality Dashboard: plausibleBeforeDeath",
        terms=Terms(0.1, 1),
        looks_up=("patient",),
        applies_when=f"{_ON} IS NOT NULL AND {_DEATH} IS NOT NULL",
        violated_when=f"{_ON} > CAST({_DEATH} + INTERVAL '60' DAY AS DATE)",
        trips={
            _TABLE: [{}, {"observation_id": "o2", "patient_id": "p2"}],
            _PATIENT: [
                {"deceased_datetime": "2025-10-01T09:00:00"},
                {"patient_id": "p2", "deceased_datetime_text": "2025-10-01"},
            ],
        },
        passes={_TABLE: [{}], _PATIENT: [{"deceased_datetime": "2025-10-02T09:00:00"}]},
    ),
    Check(
        "O39",
        _TABLE,
        "inside_its_encounter",
        "It was observed within a week of the encounter that it names.",
        Kahn.TEMPORAL,
        "The value hangs on the wrong visit.",
        source="OHDSI Data Quality Dashboard: withinVisitDates",
        terms=Terms(1, 5),
        looks_up=("encounter",),
        applies_when=(
            f"{_ON} IS NOT NULL AND encounter_period_start IS NOT NULL AND coalesce(encounter_status,"
            " '') NOT IN ('planned', 'cancelled')"
        ),
        violated_when=(
            f"{_ON} < CAST(encounter_period_start - INTERVAL '7' DAY AS DATE) OR {_ON} >"
            " CAST(encounter_period_end + INTERVAL '7' DAY AS DATE)"
        ),
        trips={_TABLE: [{"obs_datetime": "2025-12-09T00:00:00"}], _ENCOUNTER: [{}]},
        passes={
            _TABLE: [{}, {"obs_datetime": "2025-12-08T23:00:00", "observation_id": "o2"}],
            _ENCOUNTER: [{}],
        },
    ),
    Check(
        "O40",
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
