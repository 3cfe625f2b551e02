"""A Bulk Data export through bronze and silver: what its manifest says is checked, deletions take effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthlake.report import JobReport
from tests.world import World, day, patient


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", in_memory=True) as made:
        yield made


def put_manifest(world: World, time: str, **sections: list[dict[str, Any]]) -> None:
    told = {"transactionTime": time, "request": "x", "requiresAccessToken": False, "output": [], **sections}
    world.put(day(1), "export/manifest.json", json.dumps(told).encode())


def put_deletion(world: World, target: str) -> None:
    entry = {"request": {"method": "DELETE", "url": target}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    world.put_resources(day(1), "export/deleted/1.ndjson", [bundle])


def asked(report: JobReport, name: str) -> tuple[int, int, bool]:
    """Of a check: to how much it applies, how much violates it, whether that is an error."""
    (found,) = [each for each in report.checks if each.check.name == name]
    return found.applicable, found.violated, found.is_error


def test_an_export_of_which_all_has_come_is_complete(world: World) -> None:
    world.put_resources(day(1), "export/Patient.ndjson", [patient("p1"), patient("p2")])
    put_manifest(world, "2026-01-01T00:00:00Z", output=[{"url": "https://a/Patient.ndjson", "count": 2}])
    assert asked(world.bronze(day(1)), "export_complete") == (1, 0, False)


def test_an_export_with_other_counts_or_without_a_file_warns_and_lands(world: World) -> None:
    world.put_resources(day(1), "export/Patient.ndjson", [patient("p1"), patient("p2")])
    world.put_resources(day(1), "again/Patient.ndjson", [patient("p1"), patient("p2")])
    listed = [{"url": f"https://a/{name}", "count": 3} for name in ("Patient.ndjson", "Encounter.ndjson")]
    put_manifest(world, "2026-01-01T00:00:00Z", output=listed)
    report = world.bronze(day(1))
    assert not report.faults
    assert asked(report, "export_complete") == (2, 2, False)
    assert len(world.rows("bronze_patient")) == 2


def test_times_that_are_no_instants_warn(world: World) -> None:
    odd = [patient("p1", meta={"lastUpdated": "yesterday"}), patient("p2")]
    world.put_resources(day(1), "a.ndjson", odd)
    assert asked(world.bronze(day(1)), "times_readable") == (2, 1, False)


@pytest.mark.parametrize(("time", "left"), [("2026-01-02T00:00:00Z", []), ("2025-12-31T00:00:00Z", ["p1"])])
def test_a_deletion_is_as_new_as_its_export(world: World, time: str, left: list[str]) -> None:
    newest = patient("p1", meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    world.put_resources(day(1), "export/Patient.ndjson", [newest])
    put_deletion(world, "Patient/p1")
    put_manifest(world, time)
    world.run(day(1))
    assert [row["patient_id"] for row in world.records("silver_dim_patient")] == left


def test_a_deletion_of_an_id_never_seen_is_a_tombstone_that_an_older_version_does_not_undo(
    world: World,
) -> None:
    put_deletion(world, "Patient/p1")
    put_manifest(world, "2026-01-01T00:00:00Z")
    late = patient("p1", meta={"lastUpdated": "2025-06-01T00:00:00Z"})
    world.put_resources(day(2), "late.ndjson", [late])
    world.run(day(1), day(2))
    assert world.records("silver_dim_patient") == []
    assert [row["is_deleted"] for row in world.records("silver_patient_history")] == [True, False]
