"""What a job does when a drop vanishes, a day is not ready, or a rule is violated: nothing of that day, all
of the others."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthlake.checks import catalogue as catalogue_module
from healthlake.checks.model import Check, Kahn
from healthlake.checks.run import check_published
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.errors import BronzeIncomplete, DropVanished, LedgerGap, StructuralViolation
from healthlake.report import JobReport
from tests.world import World, day, encounter, observation, patient


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", in_memory=True) as made:
        yield made


def faults(report: JobReport) -> dict[tuple[str, datetime.date], type[Exception]]:
    return {(fault.table, fault.day): type(fault.error) for fault in report.faults}


def test_a_day_never_landed_has_no_rows_and_a_warning(world: World) -> None:
    report = world.bronze(day(1))
    assert not report.faults
    assert {table.rows for table in report.tables} == {0}
    warned = {(check.check.table, check.check.name) for check in report.checks if not check.passed}
    assert ("bronze_file", "has_rows") in warned
    assert not any(check.is_error for check in report.checks)
    world.run(day(1))
    assert not world.gold(day(1)).faults


def test_a_day_whose_files_vanished_fails_and_changes_nothing_while_others_go_on(world: World) -> None:
    path = world.put_resources(day(1), "Jane Doe.ndjson", [patient("p1")])
    world.put_resources(day(2), "a.ndjson", [patient("p2")])
    world.run(day(1))
    before = world.rows("bronze_patient")
    path.unlink()
    report = world.bronze(day(1), day(2))
    assert {fault.day for fault in report.faults} == {day(1)}
    (error,) = {str(fault.error) for fault in report.faults}
    assert isinstance(report.faults[0].error, DropVanished)
    assert "1 of the 1 files that bronze knows are missing" in error
    assert "healthlake materialize --from 2026-01-01" in error
    assert "Jane" not in error
    assert [row for row in world.rows("bronze_patient") if row[0] == day(1)] == before
    assert [row[0] for row in world.rows("bronze_patient")] == [day(1), day(2)]


def test_a_file_with_other_content_under_a_known_name_fails_and_changes_nothing(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    world.run(day(1))
    before = world.tables()
    world.put_resources(day(1), "a.ndjson", [patient("p1", active=True)])
    report = world.bronze(day(1))
    assert {type(fault.error) for fault in report.faults} == {DropVanished}
    assert "have other content now" in str(report.faults[0].error)
    assert world.tables() == before


def test_a_further_file_in_a_known_day_is_taken(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    world.run(day(1))
    world.put_resources(day(1), "late.ndjson", [patient("p2")])
    world.run(day(1))
    assert [row["patient_id"] for row in world.records("silver_dim_patient")] == ["p1", "p2"]


def test_silver_that_is_older_than_its_bronze_is_seen_and_stops_gold(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    world.run(day(1))
    world.put_resources(day(1), "late.ndjson", [patient("p2")])
    assert not world.bronze(day(1)).faults
    (stale,) = [
        check
        for check in check_published(world.engine, "silver_reconciliation", [day(1)])
        if not check.passed
    ]
    assert (stale.check.name, stale.is_error) == ("accounts_for_bronze", True)
    assert set(faults(world.gold(day(1))).values()) == {LedgerGap}
    world.silver(day(1))
    assert not world.gold(day(1)).faults


def test_silver_refuses_a_landed_day_that_was_never_split(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    report = world.silver(day(1))
    assert set(faults(report).values()) == {BronzeIncomplete}
    assert "1 files have landed and none was split" in str(report.faults[0].error)
    assert world.rows("silver_reconciliation") == []


def test_silver_refuses_a_day_whose_bronze_is_half_written(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1"), encounter("e1", "p1")])
    world.run(day(1))
    contract = RESOURCE_TYPES[0].bronze
    base = world.catalog.version(contract)
    assert base is not None
    world.catalog.commit(contract, base, [file.path for file in base.files], [], {})
    report = world.silver(day(1))
    assert set(faults(report).values()) == {BronzeIncomplete}
    world.run(day(1))


def test_gold_names_the_landed_day_without_silver_and_goes_on_when_it_is_there(world: World) -> None:
    for number in (1, 2):
        world.put_resources(day(number), "a.ndjson", [patient(f"p{number}")])
    world.run(day(2))
    report = world.gold(day(2))
    assert set(faults(report).values()) == {LedgerGap}
    assert "(2026-01-01)" in str(report.faults[0].error)
    assert "healthlake materialize --from 2026-01-01 --to 2026-01-02" in str(report.faults[0].error)
    world.run(day(1))
    assert not world.gold(day(2)).faults


def test_a_structural_violation_publishes_nothing_of_that_table_and_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = RESOURCE_TYPES[0]
    rule = Check(
        "X1",
        kind.history.name,
        "broken_by_us",
        "A rule that 2026-01-02 violates.",
        Kahn.RELATION,
        "To be seen.",
        sql="SELECT 1, CASE WHEN {day} = DATE '2026-01-02' THEN 1 ELSE 0 END FROM (SELECT 1) AS one",
        structural=True,
    )
    rules = {**catalogue_module.catalogue(), kind.history.name: (rule,)}
    monkeypatch.setattr("healthlake.checks.run.catalogue", lambda: rules)
    for number in (1, 2, 3):
        world.put_resources(day(number), "a.ndjson", [patient(f"p{number}"), observation(f"o{number}", "p1")])
    world.bronze(day(1), day(2), day(3))
    report = world.silver(day(1), day(2), day(3))
    violated = faults(report)
    assert violated[(kind.history.name, day(2))] is StructuralViolation
    assert {fault.day for fault in report.faults} == {day(2)}
    assert [row[0] for row in world.rows(kind.history)] == [day(1), day(3)]
    assert [row["patient_id"] for row in world.records("silver_dim_patient")] == ["p1", "p3"]
    assert {row[0] for row in world.rows("silver_reconciliation")} == {day(1), day(3)}
    assert [row[0] for row in world.rows("silver_observation_history")] == [day(1), day(2), day(3)]
    failed = [check for check in report.checks if check.check.name == "broken_by_us" and not check.passed]
    assert [check.day for check in failed] == [day(2)]
    assert set(faults(world.gold(day(2))).values()) == {LedgerGap}
    staged = {file.path for table in (kind.history,) for file in world.catalog.version(table).files}  # type: ignore[union-attr]
    assert {str(path) for path in world.layout.table(kind.history).rglob("*.parquet")} == staged


def test_a_subset_of_types_leaves_the_rows_of_the_others(world: World) -> None:
    world.put_resources(
        day(1), "a.ndjson", [patient("p1"), patient("p2", name="wrong"), observation("o1", "p1")]
    )
    world.run(day(1))
    before = world.tables("silver_")
    report = world.silver(day(1), types=RESOURCE_TYPES[2:])
    assert not report.faults
    assert {table.table for table in report.tables} >= {"silver_observation_history", "silver_quarantine"}
    assert "silver_patient_history" not in {table.table for table in report.tables}
    assert world.tables("silver_") == before


def test_a_file_whose_name_is_no_utf8_is_known_again(world: World) -> None:
    world.put_resources(day(1), os.fsdecode(b"J\xe9r.ndjson"), [patient("p1")])
    world.run(day(1))
    assert not world.bronze(day(1)).faults
    assert [row["path"] for row in world.records("bronze_file")] == ["J\\xe9r.ndjson"]
