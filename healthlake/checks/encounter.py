"""Rules about encounters, over what a drop says of each: what they refer to."""

from __future__ import annotations

from healthlake.checks.check_digits import NPI_FORM, npi_holds
from healthlake.checks.encounter_codes import ENCOUNTER_CODE_RULES
from healthlake.checks.encounter_dates import ENCOUNTER_DATE_RULES
from healthlake.checks.model import FAILS, Check, Kahn, Terms

_TABLE = "silver_encounter_history"
_PATIENT = "silver_patient_history"
_NPI = "startswith(practitioner_reference, 'Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|')"


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
        "A subject is named by a reference.",
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
        "The encounter is of the patient that it was of before the day.",
        Kahn.RELATION,
        "An id that moves to another patient is an id given twice, or a merge that was not announced.",
        source="synthetichealth/synthea issue 1545",
        terms=Terms(0, 1),
        looks_up=("earlier_encounter",),
        applies_when="earlier_encounter_is_known",
        violated_when="patient_id <> earlier_encounter_patient_id",
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

ENCOUNTER_RULES: tuple[Check, ...] = (*_REFERENCE_RULES, *ENCOUNTER_CODE_RULES, *ENCOUNTER_DATE_RULES)
