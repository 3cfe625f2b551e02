"""Bronze of a day of which only some files are split again: the rows of a whole split, from fewer reads."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthlake.jobs import raw_to_bronze
from healthlake.lake.revisions import replace, withdraw
from healthlake.report import JobReport
from tests.replays import count_opened, stricter
from tests.world import World, day, observation, patient

ON = day(1)
GOOD, BAD = [patient("p1"), observation("o1", "p1")], [patient("p2"), patient("p3", strict=True)]

Reads = list[str]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """The paths of the drop's files that were opened since it was last cleared."""
    return count_opened(monkeypatch)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A day whose bronze a stricter splitter made: one record of one of three files is in quarantine."""
    with World(tmp_path / "lake", in_memory=True) as made:
        made.put_resources(ON, "a.ndjson", GOOD)
        made.put_resources(ON, "b.ndjson", BAD)
        made.put(ON, "c.ndjson", b'{"resourceType":"Patient"}\n')
        with stricter():
            assert not made.bronze(ON).faults
        assert len(made.rows("bronze_quarantine")) == 2
        yield made


def replay(world: World, *file_ids: str, on: datetime.date = ON) -> JobReport:
    return raw_to_bronze(world.engine, world.catalog, [on], only=file_ids)


def file_id(world: World, path: str) -> str:
    (found,) = (row["file_id"] for row in world.records("bronze_file") if row["path"] == path)
    return str(found)


def bronze_of_a_whole_split(world: World, tmp_path: Path) -> dict[str, object]:
    with World(tmp_path / "other", in_memory=True) as other:
        for path in world.layout.drop(ON).iterdir():
            other.put(ON, path.name, path.read_bytes())
        assert not other.bronze(ON).faults
        return dict(other.tables("bronze_"))


def test_only_the_file_concerned_is_opened_and_the_day_is_as_if_split_whole(
    world: World, reads: Reads, tmp_path: Path
) -> None:
    report = replay(world, file_id(world, "b.ndjson"))
    assert not report.faults and set(reads) == {f"dt={ON}/b.ndjson"}
    assert world.tables("bronze_") == bronze_of_a_whole_split(world, tmp_path)
    assert [row["reason"] for row in world.records("bronze_quarantine")] == ["missing_id"]


def test_every_structural_rule_is_asked_of_a_replay_too(world: World) -> None:
    asked = {check.check.name for check in replay(world, file_id(world, "b.ndjson")).checks}
    assert {"conservation", "grain_unique", "keys_not_null"} <= asked


def test_a_replay_that_changes_nothing_commits_nothing(world: World) -> None:
    before = world.snapshots()
    with stricter():
        assert not replay(world, file_id(world, "b.ndjson")).faults
    assert world.snapshots() == before


def test_a_replay_that_fails_or_changes_nothing_leaves_no_file_behind(world: World) -> None:
    before = data_files(world)
    asked = file_id(world, "b.ndjson")
    with stricter():
        replay(world, asked)
    (world.layout.drop(ON) / "a.ndjson").write_bytes(b"{}\n")
    assert replay(world, asked).faults
    assert data_files(world) == before


def data_files(world: World) -> set[Path]:
    return set((world.layout.root / "bronze").rglob("*.parquet"))


def test_a_file_that_was_replaced_or_is_new_is_split_too(world: World, reads: Reads, tmp_path: Path) -> None:
    corrected = tmp_path / "c.ndjson"
    corrected.write_bytes(b'{"resourceType":"Patient","id":"p9"}\n')
    replace(world.layout, [corrected], ON)
    world.put_resources(ON, "d.ndjson", [patient("p7")])
    reads.clear()
    assert not replay(world, file_id(world, "c.ndjson")).faults
    assert set(reads) == {f"dt={ON}/c.ndjson", f"dt={ON}/d.ndjson"}
    kept = [row["reason"] for row in world.records("bronze_quarantine")]
    assert kept == ["not_fhir"], "the file that wasn't asked for is as it was"


def test_a_withdrawn_file_leaves_with_its_rows(world: World, reads: Reads) -> None:
    gone = file_id(world, "c.ndjson")
    withdraw(world.layout, ["c.ndjson"], ON)
    reads.clear()
    assert not replay(world, gone).faults
    assert reads == []
    assert sorted(row["path"] for row in world.records("bronze_file")) == ["a.ndjson", "b.ndjson"]


def test_a_new_file_with_the_content_of_a_kept_one_is_counted_once(world: World, tmp_path: Path) -> None:
    world.put_resources(ON, "0.ndjson", GOOD)
    assert not replay(world, file_id(world, "b.ndjson")).faults
    assert world.tables("bronze_") == bronze_of_a_whole_split(world, tmp_path)


def test_a_kept_file_of_another_size_stops_the_day(world: World) -> None:
    before = world.tables("bronze_")
    asked = file_id(world, "b.ndjson")
    world.put_resources(ON, "a.ndjson", [patient("p1")])
    (error,) = {str(fault.error) for fault in replay(world, asked).faults}
    assert "have other content now" in error and world.tables("bronze_") == before


def test_a_file_that_vanished_stops_the_day(world: World) -> None:
    before = world.tables("bronze_")
    asked = file_id(world, "b.ndjson")
    (world.layout.drop(ON) / "a.ndjson").unlink()
    (error,) = {str(fault.error) for fault in replay(world, asked).faults}
    assert "missing from raw" in error and world.tables("bronze_") == before
