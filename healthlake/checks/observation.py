"""Rules about observations, over every value that a drop brings: what they refer to, and their codes."""

from __future__ import annotations

from healthlake.checks.check_digits import LOINC_FORM, SNOMED_FORM, loinc_holds, verhoeff_holds
from healthlake.checks.model import FAILS, Check, Kahn, Terms
from healthlake.checks.observation_dates import OBSERVATION_DATE_RULES
from healthlake.checks.observation_values import OBSERVATION_VALUE_RULES


def _in_format(text: str) -> str:
    """Text with braces of its own, for SQL that is rendered."""
    return text.replace("{", "{{").replace("}", "}}")


_TABLE = "silver_observation_history"
_PATIENT = "silver_patient_history"
_ENCOUNTER = "silver_encounter_history"
_LOINC = "obs_system = 'http://loinc.org' AND obs_code IS NOT NULL"

# Each code once: of 112,000 rows the check digits took a second, and a day has some hundred codes.
_LOINC_CODES = (
    f"SELECT obs_code, count(*) AS n, {loinc_holds('obs_code')} AS holds FROM {{relation}} WHERE dt = {{day}}"
    f" AND NOT is_deleted AND coalesce(status, '') <> 'entered-in-error' AND {_LOINC} AND obs_code RLIKE"
    f" '{_in_format(LOINC_FORM)}' GROUP BY obs_code"
)

_REFERENCE_RULES = (
    Check(
        "O01",
        _TABLE,
        "patient_stated",
        "A subject is named by a reference.",
        Kahn.COMPLETENESS,
        "A value of nobody is in no count by patient.",
        source="US Core Observation: subject 1..1",
        terms=Terms(0, 1),
        violated_when="patient_reference IS NULL",
        trips={_TABLE: [{"patient_reference": None, "patient_id": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O02",
        _TABLE,
        "patient_reference_names_an_id",
        "A subject that is no Group, Device or Location is a Patient named by id.",
        Kahn.RELATION,
        "References by identifier, to contained or to other types give no patient_id.",
        source="FHIR R4: Observation.subject",
        terms=Terms(1, 5),
        applies_when=(
            "patient_reference IS NOT NULL AND NOT patient_reference LIKE '%Group/%' AND NOT"
            " patient_reference LIKE '%Device/%' AND NOT patient_reference LIKE '%Location/%'"
        ),
        violated_when="patient_id IS NULL",
        trips={_TABLE: [{"patient_reference": "Patient?identifier=m1", "patient_id": None}]},
        passes={_TABLE: [{}, {"patient_reference": "Device/d1", "patient_id": None}]},
    ),
    Check(
        "O03",
        _TABLE,
        "patient_resolves",
        "The patient that an observation names is known by the day.",
        Kahn.RELATION,
        "A value of nobody is in no count by patient.",
        terms=Terms(0, 1),
        looks_up=("patient",),
        applies_when="patient_id IS NOT NULL AND patient_is_loaded",
        violated_when="NOT patient_is_known",
        trips={_TABLE: [{"patient_id": "p9"}], _PATIENT: [{}]},
        passes={_TABLE: [{}], _PATIENT: [{}]},
    ),
    Check(
        "O04",
        _TABLE,
        "encounter_reference_names_an_id",
        "An encounter that is named is named by id.",
        Kahn.RELATION,
        "References by identifier or to contained give no encounter_id.",
        source="FHIR R4: Observation.encounter",
        terms=Terms(1, 5),
        applies_when="encounter_reference IS NOT NULL",
        violated_when="encounter_id IS NULL",
        trips={_TABLE: [{"encounter_reference": "#e1", "encounter_id": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O05",
        _TABLE,
        "encounter_resolves",
        "The encounter that an observation names is known by the day.",
        Kahn.RELATION,
        "The value is of no visit: where and by whom it was taken is lost.",
        terms=Terms(0, 1),
        looks_up=("encounter",),
        applies_when="encounter_id IS NOT NULL AND encounter_is_loaded",
        violated_when="NOT encounter_is_known",
        trips={_TABLE: [{"encounter_id": "e9"}], _ENCOUNTER: [{}]},
        passes={_TABLE: [{}], _ENCOUNTER: [{}]},
    ),
    Check(
        "O06",
        _TABLE,
        "encounter_of_same_patient",
        "The encounter that an observation names is of the same patient.",
        Kahn.RELATION,
        "Two patients' records are mixed up.",
        source="FHIR R4: the Patient compartment",
        terms=FAILS,
        looks_up=("encounter",),
        applies_when="encounter_patient_id IS NOT NULL AND patient_id IS NOT NULL",
        violated_when="encounter_patient_id <> patient_id",
        trips={_TABLE: [{}], _ENCOUNTER: [{"patient_id": "p2"}]},
        passes={_TABLE: [{}], _ENCOUNTER: [{}]},
    ),
)

_CODE_RULES = (
    Check(
        "O07",
        _TABLE,
        "id_form",
        "The id is a FHIR id: 1 to 64 letters, digits, dashes and dots.",
        Kahn.VALUE,
        "No reference can name another form of id.",
        source="FHIR R4: id",
        terms=Terms(0, 1),
        violated_when="NOT observation_id RLIKE '^[A-Za-z0-9.-]{1,64}\\\\z'",
        trips={_TABLE: [{"observation_id": "o_1"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O08",
        _TABLE,
        "status_stated",
        "A status is stated.",
        Kahn.COMPLETENESS,
        "Without it nobody knows whether the value holds.",
        source="FHIR R4: Observation.status 1..1",
        terms=Terms(0, 1),
        violated_when="status IS NULL",
        trips={_TABLE: [{"status": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O09",
        _TABLE,
        "status_in_value_set",
        "The status is one of FHIR's eight.",
        Kahn.VALUE,
        "A required binding: what is final, corrected or cancelled is told by nothing else.",
        source="FHIR R4: observation-status (required)",
        terms=FAILS,
        applies_when="status IS NOT NULL",
        violated_when=(
            "status NOT IN ('registered', 'preliminary', 'final', 'amended', 'corrected', 'cancelled',"
            " 'entered-in-error', 'unknown')"
        ),
        trips={_TABLE: [{"status": "done"}]},
        passes={_TABLE: [{"status": "amended"}]},
    ),
    Check(
        "O10",
        _TABLE,
        "category_stated",
        "A category is coded.",
        Kahn.COMPLETENESS,
        "The population summary counts by it; others show as unknown.",
        source="US Core Observation: category 1..*",
        terms=Terms(1, 5),
        violated_when="category_code IS NULL",
        trips={_TABLE: [{"category_code": None, "category_system": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O11",
        _TABLE,
        "category_in_value_set",
        "The category is one of FHIR's nine, such as vital-signs or laboratory.",
        Kahn.VALUE,
        "A preferred binding: laboratory and LAB are counted as two.",
        source="FHIR R4: observation-category (preferred)",
        terms=Terms(5, 20),
        applies_when="category_code IS NOT NULL",
        violated_when=(
            "category_code NOT IN ('social-history', 'vital-signs', 'imaging', 'laboratory', 'procedure',"
            " 'survey', 'exam', 'therapy', 'activity')"
        ),
        trips={_TABLE: [{"category_code": "LAB"}]},
        passes={_TABLE: [{"category_code": "exam"}]},
    ),
    Check(
        "O12",
        _TABLE,
        "code_stated",
        "What was observed is stated, coded or as text.",
        Kahn.COMPLETENESS,
        "A value of nothing.",
        source="FHIR R4: Observation.code 1..1",
        terms=Terms(0, 1),
        violated_when="obs_code IS NULL AND obs_text IS NULL",
        trips={_TABLE: [{"obs_code": None, "obs_system": None, "obs_text": None}]},
        passes={_TABLE: [{"obs_code": None, "obs_system": None}]},
    ),
    Check(
        "O13",
        _TABLE,
        "code_is_loinc",
        "What was observed has a LOINC code.",
        Kahn.VALUE,
        "Local codes mean something in one house only, and join with no other source.",
        source="US Core Observation: code (LOINC)",
        terms=Terms(5, 20),
        violated_when="coalesce(obs_system, '') <> 'http://loinc.org'",
        trips={_TABLE: [{"obs_system": "http://hospital.example/tests"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "O14",
        _TABLE,
        "loinc_form",
        "A LOINC code of what was observed is digits, a dash and a digit.",
        Kahn.VALUE,
        "Anything else is no LOINC term: an answer, a part, or a local code in LOINC's name.",
        source="LOINC Users' Guide: LOINC codes",
        terms=Terms(1, 5),
        applies_when=_LOINC,
        violated_when=f"NOT obs_code RLIKE '{LOINC_FORM}'",
        trips={_TABLE: [{"obs_code": "LA6751-7"}, {"obs_code": "X9999-1"}]},
        passes={_TABLE: [{"obs_code": "718-7"}]},
    ),
    Check(
        "O15",
        _TABLE,
        "loinc_check_digit",
        "The check digit of a LOINC code of what was observed is right.",
        Kahn.VALUE,
        "A mistyped code means another test, or none.",
        source="LOINC Users' Guide: mod 10 check digit",
        terms=Terms(1, 5),
        sql=(
            "SELECT coalesce(sum(n), 0), coalesce(sum(CASE WHEN holds THEN 0 ELSE n END), 0) FROM"
            f" ({_LOINC_CODES}) AS c"
        ),
        violators=(
            "SELECT r.observation_id AS row_id, r.content_hash, r.file_id, r.line, r.entry FROM {relation} AS"
            f" r INNER JOIN ({_LOINC_CODES}) AS c ON c.obs_code = r.obs_code WHERE r.dt = {{day}} AND"
            " NOT r.is_deleted AND coalesce(r.status, '') <> 'entered-in-error' AND r.obs_system ="
            " 'http://loinc.org' AND NOT c.holds"
        ),
        trips={_TABLE: [{"obs_code": "29463-8"}]},
        passes={_TABLE: [{"obs_code": "29463-7"}]},
    ),
    Check(
        "O16",
        _TABLE,
        "snomed_value_check_digit",
        "A SNOMED CT code as value is a concept id whose check digit is right.",
        Kahn.VALUE,
        "A mistyped or truncated code (spreadsheets cut long numbers) means nothing, or something else.",
        source="SNOMED CT: SCTID (Verhoeff)",
        terms=Terms(1, 5),
        applies_when="value_code_system = 'http://snomed.info/sct' AND value_code IS NOT NULL",
        violated_when=f"NOT (value_code RLIKE '{SNOMED_FORM}' AND {verhoeff_holds('value_code')})",
        trips={
            _TABLE: [
                {"value_code_system": "http://snomed.info/sct", "value_code": "266919006"},
                # A description's id, of the same make.
                {"value_code_system": "http://snomed.info/sct", "value_code": "754365011"},
            ]
        },
        passes={_TABLE: [{"value_code_system": "http://snomed.info/sct", "value_code": "266919005"}]},
    ),
    Check(
        "O17",
        _TABLE,
        "loinc_value_is_an_answer",
        "A LOINC code as value is an answer: LA, digits, a dash and a digit.",
        Kahn.VALUE,
        "A term where an answer belongs: question and answer were swapped.",
        source="LOINC Users' Guide: answer lists",
        terms=Terms(5, 20),
        applies_when="value_code_system = 'http://loinc.org' AND value_code IS NOT NULL",
        violated_when="NOT value_code RLIKE '^LA[0-9]{1,7}-[0-9]\\\\z'",
        trips={_TABLE: [{"value_code_system": "http://loinc.org", "value_code": "72166-2"}]},
        passes={_TABLE: [{"value_code_system": "http://loinc.org", "value_code": "LA6751-7"}]},
    ),
    Check(
        "O18",
        _TABLE,
        "codes_have_a_system",
        "Codes of what was observed and of the value name the system that they are of.",
        Kahn.VALUE,
        "A code without its system can be any of several things.",
        source="FHIR R4: Coding.system",
        terms=Terms(1, 5),
        applies_when="obs_code IS NOT NULL OR value_code IS NOT NULL",
        violated_when=(
            "(obs_code IS NOT NULL AND obs_system IS NULL) OR (value_code IS NOT NULL AND value_code_system"
            " IS NULL)"
        ),
        trips={_TABLE: [{"value_code": "yes"}]},
        passes={_TABLE: [{}]},
    ),
)

OBSERVATION_RULES: tuple[Check, ...] = (
    *_REFERENCE_RULES,
    *_CODE_RULES,
    *OBSERVATION_DATE_RULES,
    *OBSERVATION_VALUE_RULES,
)
