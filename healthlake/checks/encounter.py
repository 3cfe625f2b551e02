"""Rules about encounters, over what a drop says of each."""

from __future__ import annotations

from healthlake.checks.model import Check, Kahn, Terms

_TABLE = "silver_encounter_history"

ENCOUNTER_RULES: tuple[Check, ...] = (
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
        trips={_TABLE: [{"patient_id": "p9"}], "silver_patient_history": [{}]},
        passes={_TABLE: [{}], "silver_patient_history": [{}]},
    ),
)
