"""Rules about the codes of encounters, and what must be stated."""

from __future__ import annotations

from healthlake.checks.check_digits import SNOMED_FORM, verhoeff_holds
from healthlake.checks.model import FAILS, MEASURED, Check, Kahn, Terms

_TABLE = "silver_encounter_history"
ENCOUNTER_CLASSES = ("AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR")
"""Codes of HL7's ActEncounterCode."""

_ACT_CODES = str(ENCOUNTER_CLASSES)
_IS_INPATIENT_STAY = "class_code IN ('IMP', 'ACUTE', 'NONAC') AND status = 'finished'"


def _snomed(id_: str, name: str, column: str, system: str, wrong: str, right: str) -> Check:
    return Check(
        id_,
        _TABLE,
        name,
        f"A SNOMED CT code in {column} is a concept id whose check digit is right.",
        Kahn.VALUE,
        "A mistyped or truncated code (spreadsheets cut long numbers) means nothing, or something else.",
        source="SNOMED CT: SCTID (Verhoeff)",
        terms=Terms(1, 5),
        applies_when=f"{system} = 'http://snomed.info/sct' AND {column} IS NOT NULL",
        violated_when=f"NOT ({column} RLIKE '{SNOMED_FORM}' AND {verhoeff_holds(column)})",
        trips={_TABLE: [{column: wrong, system: "http://snomed.info/sct"}]},
        passes={_TABLE: [{column: right, system: "http://snomed.info/sct"}]},
    )


ENCOUNTER_CODE_RULES: tuple[Check, ...] = (
    Check(
        "E12",
        _TABLE,
        "id_form",
        "The id is a FHIR id: 1 to 64 letters, digits, dashes and dots.",
        Kahn.VALUE,
        "No reference can name another form of id, so no observation would ever belong to this encounter.",
        source="FHIR R4: id",
        terms=Terms(0, 1),
        violated_when="NOT encounter_id RLIKE '^[A-Za-z0-9.-]{1,64}\\\\z'",
        trips={_TABLE: [{"encounter_id": "e/1"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E13",
        _TABLE,
        "status_stated",
        "A status is stated.",
        Kahn.COMPLETENESS,
        "Without it nobody knows whether the encounter took place.",
        source="FHIR R4: Encounter.status 1..1",
        terms=Terms(0, 1),
        violated_when="status IS NULL",
        trips={_TABLE: [{"status": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E14",
        _TABLE,
        "status_in_value_set",
        "The status is one of FHIR's nine.",
        Kahn.VALUE,
        "A required binding: what is done, planned or cancelled is told by nothing else.",
        source="FHIR R4: encounter-status (required)",
        terms=FAILS,
        applies_when="status IS NOT NULL",
        violated_when=(
            "status NOT IN ('planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished',"
            " 'cancelled', 'entered-in-error', 'unknown')"
        ),
        trips={_TABLE: [{"status": "complete"}]},
        passes={_TABLE: [{"status": "onleave"}]},
    ),
    Check(
        "E15",
        _TABLE,
        "class_stated",
        "A class is stated.",
        Kahn.COMPLETENESS,
        "Inpatient and outpatient care can't be told apart.",
        source="FHIR R4: Encounter.class 1..1",
        terms=Terms(0, 1),
        violated_when="class_code IS NULL",
        trips={_TABLE: [{"class_code": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E16",
        _TABLE,
        "class_in_value_set",
        "The class is one of HL7's ActEncounterCode, such as AMB, EMER or IMP.",
        Kahn.VALUE,
        "An extensible binding: other codes fall out of every count of admissions and visits.",
        source="FHIR R4: v3-ActEncounterCode (extensible)",
        terms=Terms(5, 20),
        applies_when="class_code IS NOT NULL",
        violated_when=(
            "coalesce(class_system, '') <> 'http://terminology.hl7.org/CodeSystem/v3-ActCode' OR class_code"
            f" NOT IN {_ACT_CODES}"
        ),
        trips={_TABLE: [{"class_code": "inpatient"}, {"class_system": "http://hl7.org/fhir/v3/ActCode"}]},
        passes={_TABLE: [{"class_code": "IMP"}]},
    ),
    Check(
        "E17",
        _TABLE,
        "type_stated",
        "A type is stated, coded or as text.",
        Kahn.COMPLETENESS,
        "Kinds of visit can't be told apart.",
        source="US Core Encounter: type 1..*",
        terms=Terms(1, 5),
        violated_when="type_code IS NULL AND type_text IS NULL",
        trips={_TABLE: [{"type_code": None, "type_text": None}]},
        passes={_TABLE: [{"type_code": None, "type_text": "Check-up"}]},
    ),
    Check(
        "E18",
        _TABLE,
        "type_system_recommended",
        "A coded type is of SNOMED CT or CPT.",
        Kahn.VALUE,
        "Local codes mean something in one house only.",
        source="US Core Encounter: us-core-encounter-type (extensible)",
        terms=Terms(5, 20),
        applies_when="type_code IS NOT NULL",
        violated_when=(
            "coalesce(type_system, '') NOT IN ('http://snomed.info/sct', 'http://www.ama-assn.org/go/cpt')"
        ),
        trips={_TABLE: [{"type_system": "http://hospital.example/visits"}]},
        passes={_TABLE: [{}]},
    ),
    _snomed("E19", "type_check_digit", "type_code", "type_system", "185349004", "185349003"),
    _snomed("E20", "reason_check_digit", "reason_code", "reason_system", "44054007", "44054006"),
    Check(
        "E21",
        _TABLE,
        "codes_have_a_system",
        "Codes of class, type and reason name the system that they are of.",
        Kahn.VALUE,
        "401 is hypertension in ICD-9 and nothing in ICD-10.",
        source="FHIR R4: Coding.system",
        terms=Terms(1, 5),
        applies_when="class_code IS NOT NULL OR type_code IS NOT NULL OR reason_code IS NOT NULL",
        violated_when=(
            "(class_code IS NOT NULL AND class_system IS NULL) OR (type_code IS NOT NULL AND type_system IS"
            " NULL) OR (reason_code IS NOT NULL AND reason_system IS NULL)"
        ),
        trips={_TABLE: [{"reason_code": "44054006"}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E22",
        _TABLE,
        "service_provider_stated",
        "The organization that is responsible is named.",
        Kahn.COMPLETENESS,
        "Must-support: counts by hospital lack these.",
        source="US Core Encounter: serviceProvider (must support)",
        terms=MEASURED,
        violated_when="service_provider_reference IS NULL",
        trips={_TABLE: [{"service_provider_reference": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E23",
        _TABLE,
        "practitioner_stated",
        "A primary performer or attender is named.",
        Kahn.COMPLETENESS,
        "Must-support: counts by clinician lack these.",
        source="US Core Encounter: participant (must support)",
        terms=MEASURED,
        violated_when="practitioner_reference IS NULL AND practitioner_display IS NULL",
        trips={_TABLE: [{"practitioner_reference": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E24",
        _TABLE,
        "discharge_disposition_stated",
        "A finished inpatient stay says where the patient went.",
        Kahn.COMPLETENESS,
        "Must-support: deaths in hospital and transfers can't be told from discharges home.",
        source="US Core Encounter: hospitalization.dischargeDisposition (must support)",
        terms=MEASURED,
        applies_when=_IS_INPATIENT_STAY,
        violated_when="discharge_disposition_code IS NULL AND discharge_disposition_display IS NULL",
        trips={_TABLE: [{"class_code": "IMP"}]},
        passes={_TABLE: [{"class_code": "IMP", "discharge_disposition_code": "home"}]},
    ),
)
