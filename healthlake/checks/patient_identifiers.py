"""Rules about who a patient is: numbers, twins, and what stays the same."""

from __future__ import annotations

from healthlake.checks.model import Check, Kahn, Terms

_TABLE = "silver_patient_history"
_IS_FILLER = "replace(ssn, '-', '') IN ('000000000', '111111111', '123456789', '999999999')"
_PEOPLE = (
    "SELECT *, count(*) OVER (PARTITION BY family_name, given_names, birth_date, gender) AS n FROM {relation}"
    " WHERE dt = {day} AND NOT is_deleted AND family_name IS NOT NULL AND given_names IS NOT NULL AND"
    " birth_date IS NOT NULL"
)

PATIENT_IDENTIFIER_RULES: tuple[Check, ...] = (
    Check(
        "P14",
        _TABLE,
        "mrn_stated",
        "A medical record number is stated.",
        Kahn.COMPLETENESS,
        "Without it a patient can't be found again in the system that sent the record.",
        source="US Core Patient: identifier 1..*",
        terms=Terms(5, None),
        violated_when="mrn IS NULL",
        trips={_TABLE: [{"mrn": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "P15",
        _TABLE,
        "mrn_of_one_patient",
        "No other current patient has the same medical record number.",
        Kahn.UNIQUENESS,
        "Two ids for one record: the same person counted twice, or two systems whose numbers collide.",
        terms=Terms(0, 1),
        looks_up=("mrn_holder",),
        applies_when="mrn IS NOT NULL",
        violated_when="mrn_holder_patients > 1",
        trips={_TABLE: [{}, {"patient_id": "p2"}]},
        passes={_TABLE: [{}, {"patient_id": "p2", "mrn": "m2"}]},
    ),
    Check(
        "P16",
        _TABLE,
        "ssn_form",
        "A social security number is nine digits, dashed or not, and none of those that stand for nothing.",
        Kahn.VALUE,
        "Records are linked by it: a filler links strangers.",
        source="SSA: the SSN numbering scheme",
        terms=Terms(1, 5),
        applies_when="ssn IS NOT NULL",
        violated_when=f"NOT ssn RLIKE '^[0-9]{{3}}-?[0-9]{{2}}-?[0-9]{{4}}\\\\z' OR {_IS_FILLER}",
        trips={_TABLE: [{"ssn": "99912345"}, {"ssn": "123-45-6789"}, {"ssn": "999999999"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "P17",
        _TABLE,
        "ssn_of_one_patient",
        "No other current patient has the same social security number.",
        Kahn.UNIQUENESS,
        "One person under two ids, or two people mixed up.",
        terms=Terms(0, 1),
        looks_up=("ssn_holder",),
        applies_when=f"ssn IS NOT NULL AND NOT {_IS_FILLER}",
        violated_when="ssn_holder_patients > 1",
        trips={_TABLE: [{}, {"patient_id": "p2"}]},
        passes={_TABLE: [{}, {"patient_id": "p2", "ssn": "219-09-9998"}]},
    ),
    Check(
        "P18",
        _TABLE,
        "no_twin",
        "No other patient of the day has the same names, birth date and gender.",
        Kahn.UNIQUENESS,
        "One person under two ids: half of the history is missing from either.",
        terms=Terms(1, 5),
        sql=f"SELECT count(*), coalesce(sum(CASE WHEN n > 1 THEN 1 ELSE 0 END), 0) FROM ({_PEOPLE}) AS t",
        violators=(
            f"SELECT patient_id AS row_id, content_hash, file_id, line, entry FROM ({_PEOPLE}) AS t"
            " WHERE n > 1"
        ),
        trips={_TABLE: [{}, {"patient_id": "p2"}]},
        passes={_TABLE: [{}, {"patient_id": "p2", "given_names": "Eve"}]},
    ),
    Check(
        "P19",
        _TABLE,
        "identity_unchanged",
        "Birth date and gender are what they were before the day, where both say something.",
        Kahn.RELATION,
        "One id for two people: what belongs to the one is shown for the other.",
        source="synthetichealth/synthea issue 1545",
        terms=Terms(0, 5),
        looks_up=("earlier_patient",),
        applies_when="earlier_patient_is_known",
        violated_when=(
            "birth_date <> earlier_patient_birth_date OR (gender <> earlier_patient_gender AND gender <>"
            " 'unknown' AND earlier_patient_gender <> 'unknown')"
        ),
        trips={_TABLE: [{"dt": "2026-01-30", "birth_date": "1981-02-28"}, {}]},
        passes={
            _TABLE: [
                # What was corrected stays corrected.
                {"dt": "2026-01-29", "birth_date": "1981-02-28"},
                {"dt": "2026-01-30", "gender": "unknown", "content_hash": "b" * 64},
                {},
            ]
        },
    ),
    Check(
        "P20",
        _TABLE,
        "has_encounter",
        "Some of the day's patients have an encounter in the drops up to the day.",
        Kahn.RELATION,
        "Where next to none has, references and ids are of two systems, and no row finds its patient.",
        source="OHDSI Data Quality Dashboard: measurePersonCompleteness",
        terms=Terms(95, None),
        looks_up=("patient_seen",),
        applies_when="patient_seen_is_loaded",
        violated_when="NOT patient_seen_is_known",
        trips={_TABLE: [{}], "silver_encounter_history": [{"patient_id": "p9"}]},
        passes={_TABLE: [{}], "silver_encounter_history": [{}]},
    ),
    Check(
        "P21",
        _TABLE,
        "last_updated_not_in_future",
        "meta.lastUpdated is not after the day of the drop, with a day for time zones.",
        Kahn.TEMPORAL,
        "Latest wins by this time: a version from the future hides every correction until then.",
        terms=Terms(0, 1),
        applies_when="last_updated IS NOT NULL",
        violated_when="CAST(last_updated AS DATE) > CAST(dt + INTERVAL '1' DAY AS DATE)",
        trips={_TABLE: [{"last_updated": "2026-02-02T00:00:00"}]},
        passes={_TABLE: [{"last_updated": "2026-02-01T13:00:00"}]},
    ),
)
