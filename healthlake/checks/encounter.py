"""Rules about encounters, over what a drop says of each."""

from __future__ import annotations

from healthlake.checks.check_digits import NPI_FORM, SNOMED_FORM, npi_holds, verhoeff_holds
from healthlake.checks.encounter_dates import ENCOUNTER_DATE_RULES
from healthlake.checks.model import FAILS, MEASURED, Check, Kahn, Terms

_TABLE = "silver_encounter_history"
_PATIENT = "silver_patient_history"
_ACT_CODES = "('AMB', 'EMER', 'FLD', 'HH', 'IMP', 'ACUTE', 'NONAC', 'OBSENC', 'PRENC', 'SS', 'VR')"
_NPI = "startswith(practitioner_reference, 'Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|')"
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


def _resolves(id_: str, what: str, type_: str) -> Check:
    return Check(
        id_,
        _TABLE,
        f"{what}_resolves",
        f"The {type_} that an encounter names by its id is known by the day.",
        Kahn.RELATION,
        "Work can't be counted by who did it, or where.",
        source="FHIR R4: references",
        terms=Terms(0, 1),
        looks_up=(what,),
        applies_when=(
            f"{what}_id IS NOT NULL AND {what}_is_loaded AND NOT startswith({what}_reference, '{type_}?')"
        ),
        violated_when=f"NOT {what}_is_known",
        trips={
            _TABLE: [{f"{what}_id": "x9", f"{what}_reference": f"{type_}/x9"}],
            "bronze_other": [{"resource_type": type_, "resource_id": "x1"}],
        },
        passes={
            _TABLE: [{f"{what}_id": "x1", f"{what}_reference": f"{type_}/x1"}],
            "bronze_other": [{"resource_type": type_, "resource_id": "x1"}],
        },
    )


_REFERENCE_RULES = (
    Check(
        "E01",
        _TABLE,
        "patient_resolves",
        "The patient that an encounter names is known by the day.",
        Kahn.RELATION,
        "An encounter of nobody is in no count by patient.",
        terms=Terms(0, 1),
        looks_up=("patient",),
        applies_when="patient_id IS NOT NULL AND patient_is_loaded",
        violated_when="NOT patient_is_known",
        trips={_TABLE: [{"patient_id": "p9"}], _PATIENT: [{}]},
        passes={_TABLE: [{}], _PATIENT: [{}]},
    ),
    Check(
        "E02",
        _TABLE,
        "patient_stated",
        "A subject is named.",
        Kahn.COMPLETENESS,
        "An encounter of nobody is in no count by patient.",
        source="US Core Encounter: subject 1..1",
        terms=Terms(0, 1),
        violated_when="patient_reference IS NULL",
        trips={_TABLE: [{"patient_reference": None, "patient_id": None}]},
        passes={_TABLE: [{}]},
    ),
    Check(
        "E03",
        _TABLE,
        "patient_reference_names_an_id",
        "A subject that is no Group is a Patient named by id.",
        Kahn.RELATION,
        "References by identifier, to contained or to other types give no patient_id.",
        source="FHIR R4: Encounter.subject (Patient or Group)",
        terms=Terms(1, 5),
        applies_when="patient_reference IS NOT NULL AND NOT patient_reference LIKE '%Group/%'",
        violated_when="patient_id IS NULL",
        trips={_TABLE: [{"patient_reference": "#p1", "patient_id": None}]},
        passes={_TABLE: [{}, {"patient_reference": "Group/g1", "patient_id": None}]},
    ),
    Check(
        "E04",
        _TABLE,
        "patient_unchanged",
        "The encounter is of the patient that earlier drops said.",
        Kahn.RELATION,
        "An id that moves to another patient is an id given twice, or a merge that was not announced.",
        source="synthetichealth/synthea issue 1545",
        terms=Terms(0, 1),
        looks_up=("earlier_encounter",),
        applies_when="earlier_encounter_is_known",
        violated_when=(
            "patient_id <> earlier_encounter_first_patient_id OR patient_id <>"
            " earlier_encounter_last_patient_id"
        ),
        trips={_TABLE: [{"dt": "2026-01-30", "patient_id": "p2"}, {}]},
        passes={_TABLE: [{"dt": "2026-01-30"}, {}]},
    ),
    Check(
        "E05",
        _TABLE,
        "provider_references_name_an_id",
        "References to practitioner, service provider and location name an id or an identifier.",
        Kahn.RELATION,
        "What is referred to as a display, or as contained, joins with nothing.",
        source="FHIR R4: references",
        terms=Terms(1, 5),
        applies_when=(
            "practitioner_reference IS NOT NULL OR service_provider_reference IS NOT NULL OR"
            " location_reference IS NOT NULL"
        ),
        # A participant may be a PractitionerRole or RelatedPerson too: no fault.
        violated_when=(
            "(practitioner_id IS NULL AND practitioner_reference IS NOT NULL AND NOT practitioner_reference"
            " LIKE '%PractitionerRole/%' AND NOT practitioner_reference LIKE '%RelatedPerson/%') OR"
            " (service_provider_id IS NULL AND service_provider_reference IS NOT NULL) OR (location_id IS"
            " NULL AND location_reference IS NOT NULL)"
        ),
        trips={_TABLE: [{"location_reference": "#l1", "location_id": None}]},
        passes={_TABLE: [{"practitioner_reference": "PractitionerRole/r1", "practitioner_id": None}]},
    ),
    _resolves("E06", "service_provider", "Organization"),
    _resolves("E07", "location", "Location"),
    _resolves("E08", "practitioner", "Practitioner"),
    Check(
        "E09",
        _TABLE,
        "part_of_resolves",
        "The encounter that this one is part of is known by the day, and is another.",
        Kahn.RELATION,
        "Stays are counted twice where parts are not found to be parts.",
        source="FHIR R4: Encounter.partOf",
        terms=Terms(0, 1),
        looks_up=("part_of",),
        applies_when="part_of_id IS NOT NULL",
        violated_when="NOT part_of_is_known OR part_of_id = encounter_id",
        trips={_TABLE: [{"part_of_id": "e9"}]},
        passes={_TABLE: [{"part_of_id": "e2"}, {"encounter_id": "e2"}]},
    ),
    Check(
        "E10",
        _TABLE,
        "part_of_same_patient",
        "The encounter that this one is part of is of the same patient.",
        Kahn.RELATION,
        "Two patients' records are mixed up.",
        source="FHIR R4: the Patient compartment",
        terms=FAILS,
        looks_up=("part_of",),
        applies_when="part_of_patient_id IS NOT NULL AND patient_id IS NOT NULL",
        violated_when="part_of_patient_id <> patient_id",
        trips={_TABLE: [{"part_of_id": "e2"}, {"encounter_id": "e2", "patient_id": "p2"}]},
        passes={_TABLE: [{"part_of_id": "e2"}, {"encounter_id": "e2"}]},
    ),
    Check(
        "E11",
        _TABLE,
        "npi_check_digit",
        "A practitioner named by NPI has ten digits that start with 1 or 2, and a right check digit.",
        Kahn.VALUE,
        "A mistyped NPI is another provider's, or nobody's.",
        source="CMS: NPI check digit (Luhn with prefix 80840)",
        terms=Terms(1, None),
        note="Synthea's NPIs are made up: they start with 99 and end in no check digit.",
        applies_when=_NPI,
        violated_when=(
            f"practitioner_id IS NULL OR NOT (practitioner_id RLIKE '{NPI_FORM}' AND"
            f" {npi_holds('practitioner_id')})"
        ),
        trips={
            _TABLE: [
                {
                    "practitioner_reference": (
                        "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1234567890"
                    ),
                    "practitioner_id": "1234567890",
                }
            ]
        },
        passes={
            _TABLE: [
                {
                    "practitioner_reference": (
                        "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1234567893"
                    ),
                    "practitioner_id": "1234567893",
                }
            ]
        },
    ),
)

_CODE_RULES = (
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

ENCOUNTER_RULES: tuple[Check, ...] = (*_REFERENCE_RULES, *_CODE_RULES, *ENCOUNTER_DATE_RULES)
