"""Three small days, each with row counts of its own, and what the tables must hold for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.world import World, day, encounter, observation, patient

DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")

ROWS: Mapping[str, tuple[int, int, int]] = {
    "bronze_patient": (2, 3, 1),
    "bronze_encounter": (2, 0, 1),
    "bronze_observation": (3, 1, 2),
    "bronze_other": (0, 1, 0),
    "bronze_deletion": (0, 0, 0),
    "bronze_quarantine": (0, 1, 0),
    "bronze_file": (1, 2, 1),
    "silver_patient_history": (2, 2, 1),
    "silver_encounter_history": (2, 0, 1),
    "silver_observation_history": (3, 1, 2),
    "silver_quarantine": (0, 1, 0),
    "silver_reconciliation": (3, 3, 3),
}
"""Rows by day. 01-02: a patient changed, one is new, one has a wrong shape, a resource has no id, no
encounters."""

_TERMS = "http://terminology.hl7.org/CodeSystem/"

WARNED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "bronze_encounter": {"has_rows": ("2026-01-02",)},
    "bronze_quarantine": {"nothing_quarantined": ("2026-01-02",)},
    "silver_dim_patient": {"newest_not_quarantined": ("2026-01-02",)},
    "silver_observation_history": {
        "time_has_a_time_of_day": ("2026-01-01",),
        "value_or_reason": ("2026-01-01",),
    },
    "silver_quarantine": {"nothing_quarantined": ("2026-01-02",)},
}
"""Table -> check -> the days on which the data fails it; all else passes."""


def whole_patient(identifier: str, **fields: Any) -> dict[str, Any]:
    """A Patient that breaks no rule."""
    mrn = {"type": {"coding": [{"system": _TERMS + "v2-0203", "code": "MR"}]}, "value": f"mrn-{identifier}"}
    name = {"family": "Any", "given": [identifier]}
    return {**patient(identifier, **fields), "identifier": [mrn], "name": [name]}


def whole_encounter(identifier: str, of: str) -> dict[str, Any]:
    """An Encounter that breaks no rule."""
    return encounter(
        identifier, of, type=[{"coding": [{"system": "http://snomed.info/sct", "code": "185349003"}]}]
    )


def whole_observation(identifier: str, of: str, value: float | None, **fields: Any) -> dict[str, Any]:
    """An Observation that breaks no rule, but for the want of a value."""
    made = observation(identifier, of, value, **fields)
    if value is not None:
        made["valueQuantity"]["system"] = "http://unitsofmeasure.org"
    return {
        **made,
        "category": [{"coding": [{"system": _TERMS + "observation-category", "code": "vital-signs"}]}],
    }


def land_three_days(root: Path) -> None:
    """Writes the drops into raw."""
    with World(root) as world:
        world.put_resources(
            day(1),
            "a.ndjson",
            [
                whole_patient("p1"),
                whole_patient("p2"),
                whole_encounter("e1", "p1"),
                whole_encounter("e2", "p2"),
                whole_observation("o1", "p1", 70.5),
                whole_observation("o2", "p1", 71.0, effectiveDateTime="2025-12-02T10:00:00Z"),
                whole_observation("o3", "p2", None, effectiveDateTime="2025-12-03"),
            ],
        )
        world.put_resources(
            day(2),
            "b.ndjson",
            [
                whole_patient("p1", active=True),
                whole_patient("p3", birthDate="2001-05-06"),
                whole_patient("p4", gender=1),
                {"resourceType": "Organization", "id": "g1"},
            ],
        )
        world.put_resources(
            day(2),
            "c.ndjson",
            [whole_observation("o4", "p3", 55), {"resourceType": "Patient", "gender": "male"}],
        )
        world.put_resources(
            day(3),
            "d.ndjson",
            [
                whole_patient("p2"),
                whole_encounter("e3", "p3"),
                whole_observation("o5", "p3", 56),
                whole_observation("o1", "p1", 70.4),
            ],
        )
