"""What DESIGN §5 says of copies, corrections and values, a case each; and the smallest histories that once
failed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthlake.contracts.registry import TABLES
from healthlake.lake.revisions import replace, withdraw
from tests.memory_catalog import MemoryCatalog
from tests.model.batch import cut
from tests.model.test_winners import deletion
from tests.world import World, component, day, encounter, observation, patient

CURRENT = (
    "silver_dim_patient",
    "silver_fct_encounter",
    "silver_fct_observation_value",
    "silver_fct_observation",
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", in_memory=True) as made:
        yield made


def account(world: World, table: str, on: int) -> tuple[int, int, int]:
    """Exact copies, superseded versions and conflicts of a day."""
    (row,) = [
        row
        for row in world.records("silver_reconciliation")
        if (row["dt"], row["table_name"]) == (day(on), table)
    ]
    return row["exact"], row["superseded"], row["conflicts"]


def dashboard(world: World, table: str, on: int) -> dict[str, Any]:
    assert not world.gold(day(on)).faults
    rows = world.records("gold_data_quality_dashboard")
    return next(row for row in rows if (row["dt"], row["table_name"]) == (day(on), table))


def files(world: World) -> dict[str, object]:
    """The files of every current table."""
    versions = {name: world.catalog.version(TABLES[name]) for name in CURRENT}
    return {name: version.files for name, version in versions.items() if version}


def correct(world: World, tmp_path: Path, on: int, name: str, resources: list[dict[str, Any]]) -> None:
    """Other content for a landed file."""
    source = tmp_path / name
    source.write_bytes(b"".join(json.dumps(each).encode() + b"\n" for each in resources))
    replace(world.layout, [source], day(on))


def test_a_re_delivery_in_any_form_rewrites_nothing_and_is_counted(world: World) -> None:
    resources = [patient("p1"), encounter("e1", "p1"), observation("o1", "p1")]
    world.put_resources(day(1), "a.ndjson", resources)
    world.run(day(1))
    before = files(world)
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources[:2]]}
    world.put(day(2), "pretty.json.gz", gzip.compress(json.dumps(bundle, indent=3).encode()))
    flipped = [dict(reversed(each.items())) for each in resources[1:]]
    world.put_resources(day(2), "flipped.ndjson", flipped)
    world.run(day(2))
    assert files(world) == before
    assert account(world, "silver_encounter_history", 2) == (1, 0, 0)
    for table in ("silver_patient_history", "silver_encounter_history", "silver_observation_history"):
        assert dashboard(world, table, 2)["re_sent"] == 1


def test_a_re_delivery_within_the_day_under_another_name_rewrites_nothing(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1"), observation("o1", "p1")])
    world.run(day(1))
    before = world.snapshots()
    world.put_resources(day(1), "renamed.ndjson", [patient("p1"), observation("o1", "p1")])
    world.run(day(1))
    changed = {name for name, snapshot in world.snapshots().items() if snapshot != before[name]}
    assert changed == {"bronze_file"}


def test_one_point_zero_zero_is_another_content_than_one_point_zero_and_the_same_value(world: World) -> None:
    text = json.dumps(observation("o1", "p1", 1.0))
    for on, number in ((1, "1.0"), (2, "1.00")):
        world.put(day(on), "a.ndjson", text.replace('"value": 1.0', f'"value": {number}').encode())
    world.run(day(1), day(2))
    assert len({row["content_hash"] for row in world.records("silver_observation_history")}) == 2
    (row,) = world.records("silver_fct_observation")
    assert (row["dt"], row["value_quantity"], row["n_collapsed"]) == (day(2), 1.0, 1)
    assert dashboard(world, "silver_observation_history", 2)["re_sent"] == 0


def test_in_a_drop_copies_are_exact_older_ones_superseded_and_equally_new_ones_conflicts(
    world: World,
) -> None:
    def timed(time: str, **fields: Any) -> dict[str, Any]:
        return patient("p1", meta={"lastUpdated": time}, **fields)

    newest = timed("2026-01-01T12:00:00Z", active=True)
    older = timed("2026-01-01T11:59:59Z")
    as_new = timed("2026-01-01T13:00:00+01:00")
    world.put_resources(day(1), "a.ndjson", [newest, older, older, as_new])
    world.put_resources(day(1), "b.ndjson", [newest, newest])
    world.run(day(1))
    assert account(world, "silver_patient_history", 1) == (3, 1, 1)
    (row,) = world.records("silver_dim_patient")
    # Of equally new contents of a day the longer wins: here that of the longer offset.
    assert row["resource_bytes"] == max(
        len(json.dumps(each, separators=(",", ":"))) for each in (newest, as_new)
    )


def test_of_equal_copies_the_smallest_file_id_and_position_stays(world: World) -> None:
    for name, further in (("a", []), ("b", [patient("p2")]), ("c", [patient("p3")])):
        world.put_resources(day(1), f"{name}.ndjson", [*further, patient("p1"), patient("p1")])
    world.run(day(1))
    positions = [
        (row["file_id"], row["line"]) for row in world.records("bronze_patient") if row["resource_id"] == "p1"
    ]
    (kept,) = [row for row in world.records("silver_dim_patient") if row["patient_id"] == "p1"]
    assert (kept["file_id"], kept["line"]) == min(positions)


def test_a_late_file_in_an_old_day_moves_the_row_to_the_day_of_its_first_appearance(world: World) -> None:
    world.put_resources(day(2), "a.ndjson", [patient("p1")])
    world.run(day(1), day(2))
    world.put_resources(day(1), "late.ndjson", [patient("p1")])
    world.run(day(1))
    assert [row["dt"] for row in world.records("silver_dim_patient")] == [day(1)]


def test_a_removed_tombstone_brings_the_row_back(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1"), observation("o1", "p1")])
    world.put_resources(day(2), "gone.ndjson", [deletion("Patient", "p1"), deletion("Observation", "o1")])
    world.run(day(1), day(2))
    assert [world.rows(table) for table in CURRENT] == [[], [], [], []]
    withdraw(world.layout, ["gone.ndjson"], day(2))
    world.run(day(2))
    assert [len(world.rows(table)) for table in CURRENT] == [1, 0, 1, 1]


def test_a_removed_version_that_did_not_win_can_change_which_row_is_shown(
    world: World, tmp_path: Path
) -> None:
    """p1's content first came on day 1; without that it is newer than day 2's deletion."""
    world.put_resources(day(1), "a.ndjson", [patient("p1"), patient("p2")])
    world.put_resources(day(2), "b.ndjson", [deletion("Patient", "p1"), patient("p2")])
    world.put_resources(day(3), "c.ndjson", [patient("p1")])
    world.run(day(1), day(2), day(3))
    assert [(row["patient_id"], row["dt"]) for row in world.records("silver_dim_patient")] == [("p2", day(1))]
    correct(world, tmp_path, 1, "a.ndjson", [patient("p3")])
    world.run(day(1))
    found = {row["patient_id"]: row["dt"] for row in world.records("silver_dim_patient")}
    assert found == {"p1": day(3), "p2": day(2), "p3": day(1)}


def test_a_record_that_leaves_its_day_leaves_history_and_the_latest_remaining_version_shows(
    world: World, tmp_path: Path
) -> None:
    world.put_resources(day(1), "a.ndjson", [observation("o1", "p1", 1.0)])
    world.put_resources(day(2), "b.ndjson", [observation("o1", "p1", 2.0), patient("p1")])
    world.run(day(1), day(2))
    correct(world, tmp_path, 2, "b.ndjson", [patient("p1")])
    world.run(day(2))
    for table in ("silver_observation_history", "silver_fct_observation_value", "silver_fct_observation"):
        assert [(row["dt"], row["value_quantity"]) for row in world.records(table)] == [(day(1), 1.0)]


def test_a_deletion_is_timed_by_the_entry_else_by_its_bundle(world: World) -> None:
    timed = [patient(f"p{n}", meta={"lastUpdated": "2026-01-01T12:00:00Z"}) for n in (1, 2, 3)]
    world.put_resources(day(1), "a.ndjson", timed)
    old, new = "2026-01-01T00:00:00Z", "2026-01-01T13:00:00Z"
    entry = {"request": {"method": "DELETE", "url": "Patient/p1"}, "response": {"lastModified": new}}
    bundle = {**deletion("Patient", "p1", timestamp=old), "entry": [entry]}
    world.put_resources(day(2), "b.ndjson", [bundle, deletion("Patient", "p2", timestamp=old)])
    world.run(day(1), day(2))
    assert [row["patient_id"] for row in world.records("silver_dim_patient")] == ["p2", "p3"]


def test_the_rows_of_a_version_replace_those_of_the_earlier_as_a_set(world: World) -> None:
    parts = [component("8480-6", 120), component("8462-4", 80)]
    world.put_resources(day(1), "a.ndjson", [observation("o1", "p1", None, component=parts)])
    world.run(day(1))
    assert [row["component_index"] for row in world.records("silver_fct_observation_value")] == [0, 1]
    world.put_resources(day(2), "b.ndjson", [observation("o1", "p1", 5.0, component=parts[1:])])
    world.run(day(2))
    found = [
        (row["dt"], row["component_index"], row["obs_code"])
        for row in world.records("silver_fct_observation_value")
    ]
    assert found == [(day(2), -1, "29463-7"), (day(2), 0, "8462-4")]
    assert len(world.rows("silver_fct_observation")) == 2


def test_a_grain_key_that_an_observation_leaves_is_made_again_of_those_that_stay(world: World) -> None:
    world.put_resources(
        day(1), "a.ndjson", [observation("o1", "p1", 1.0), observation("o2", "p1", 2.0), patient("p1")]
    )
    world.run(day(1))
    (both,) = world.records("silver_fct_observation")
    assert (both["n_collapsed"], both["n_distinct_values"]) == (2, 2)
    moved = observation("o2", "p1", 2.0, effectiveDateTime="2025-12-24T10:00:00Z")
    world.put_resources(day(2), "b.ndjson", [moved])
    world.run(day(2))
    found = [(row["observation_id"], row["n_collapsed"]) for row in world.records("silver_fct_observation")]
    assert sorted(found) == [("o1", 1), ("o2", 1)]


def test_a_value_without_time_stays_among_the_values_and_is_counted(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [observation("o1", "p1", effectiveDateTime="2025-12")])
    world.run(day(1))
    assert len(world.rows("silver_fct_observation_value")) == 1
    assert world.rows("silver_fct_observation") == []
    assert dashboard(world, "silver_fct_observation_value", 1)["rows_with_null_key"] == 1


def test_a_record_of_wrong_shape_is_set_aside_before_copies_are_looked_for(world: World) -> None:
    wrong = patient("p1", name="no list", meta={"lastUpdated": "2099-01-01T00:00:00Z"})
    world.put_resources(day(1), "a.ndjson", [wrong, wrong, patient("p1")])
    world.run(day(1))
    assert account(world, "silver_patient_history", 1) == (0, 0, 0)
    assert (len(world.rows("silver_quarantine")), len(world.rows("silver_dim_patient"))) == (2, 1)


@pytest.mark.parametrize("table", CURRENT)
def test_a_run_cut_between_two_commits_is_made_good_by_a_run_of_another_day(
    world: World, tmp_path: Path, table: str
) -> None:
    before = [patient("p1"), encounter("e1", "p1"), observation("o1", "p1")]
    world.put_resources(day(1), "a.ndjson", before)
    world.run(day(1))
    correct(world, tmp_path, 1, "a.ndjson", [patient("p2")])
    assert not world.bronze(day(1)).faults
    with cut(world, table):
        assert {fault.table for fault in world.silver(day(1)).faults} == {table}
    world.run(day(3))
    assert [len(world.rows(name)) for name in CURRENT] == [1, 0, 0, 0]


@pytest.mark.parametrize("table", CURRENT)
def test_a_table_whose_recorded_snapshot_has_expired_is_made_again(
    world: World, tmp_path: Path, table: str
) -> None:
    """silver_fct_observation kept rows whose observation history had no more."""
    before = [patient("p1"), encounter("e1", "p1"), observation("o1", "p1")]
    world.put_resources(day(1), "a.ndjson", before)
    world.run(day(1))
    correct(world, tmp_path, 1, "a.ndjson", [patient("p2")])
    assert not world.bronze(day(1)).faults
    with cut(world, table):
        assert {fault.table for fault in world.silver(day(1)).faults} == {table}
    assert isinstance(world.catalog, MemoryCatalog)
    world.catalog.forget()
    world.run(day(3))
    assert [len(world.rows(name)) for name in CURRENT] == [1, 0, 0, 0]
