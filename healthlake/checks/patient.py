"""Rules about patients, over what a drop says of each."""

from __future__ import annotations

from healthlake.checks.model import Check, Kahn, Terms

_TABLE = "silver_patient_history"

PATIENT_RULES: tuple[Check, ...] = (
    Check(
        "P01",
        _TABLE,
        "gender_in_value_set",
        "Gender is male, female, other or unknown.",
        Kahn.VALUE,
        "A required binding: any other code is read by nobody, and falls out of every count by sex.",
        source="FHIR R4: administrative-gender (required)",
        terms=Terms(None, 0),
        applies_when="gender IS NOT NULL",
        violated_when="gender NOT IN ('male', 'female', 'other', 'unknown')",
        trips={_TABLE: [{"gender": "M"}]},
        passes={_TABLE: [{"gender": "female"}]},
    ),
)
