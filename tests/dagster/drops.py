"""Three small days, each with row counts of its own, and what the tables must hold for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

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

WARNED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "bronze_encounter": {"has_rows": ("2026-01-02",)},
    "bronze_quarantine": {"nothing_quarantined": ("2026-01-02",)},
    "silver_dim_patient": {"newest_not_quarantined": ("2026-01-02",)},
    "silver_quarantine": {"nothing_quarantined": ("2026-01-02",)},
}
"""Table -> check -> the days on which the data fails it; all else passes."""


def land_three_days(root: Path) -> None:
    """Writes the drops into raw."""
    with World(root) as world:
        world.put_resources(
            day(1),
            "a.ndjson",
            [
                patient("p1"),
                patient("p2"),
                encounter("e1", "p1"),
                encounter("e2", "p2"),
                observation("o1", "p1", 70.5),
                observation("o2", "p1", 71.0, effectiveDateTime="2025-12-02T10:00:00Z"),
                observation("o3", "p2", None, effectiveDateTime="2025-12-03"),
            ],
        )
        world.put_resources(
            day(2),
            "b.ndjson",
            [
                patient("p1", gender="male"),
                patient("p3", birthDate="2001-05-06"),
                patient("p4", gender=1),
                {"resourceType": "Organization", "id": "g1"},
            ],
        )
        world.put_resources(
            day(2), "c.ndjson", [observation("o4", "p3", 55), {"resourceType": "Patient", "gender": "male"}]
        )
        world.put_resources(
            day(3),
            "d.ndjson",
            [
                patient("p2"),
                encounter("e3", "p3"),
                observation("o5", "p3", 56),
                observation("o1", "p1", 70.4),
            ],
        )
