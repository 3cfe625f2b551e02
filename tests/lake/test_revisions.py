"""Corrected drops: the earlier revision is kept and listed, and tables follow when the day is run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from healthlake.errors import DropVanished, UsageError
from healthlake.lake.raw import drop_files, land
from healthlake.lake.revisions import LISTING, Correction, replace, revisions, withdraw
from tests.world import World, day, patient

ONE, TWO = day(1), day(2)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "lake", in_memory=True)


def put(folder: Path, name: str, *resources: dict[str, object]) -> Path:
    """An NDJSON file to be landed."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("".join(json.dumps(each) + "\n" for each in resources), "utf-8")
    return path


def ids(world: World, table: str = "silver_dim_patient") -> list[tuple[object, ...]]:
    return [(row["patient_id"], row["dt"].day, row["gender"]) for row in world.records(table)]


def test_a_replaced_file_is_kept_and_listed_and_the_tables_follow(world: World, tmp_path: Path) -> None:
    before = put(tmp_path / "a", "x.ndjson", patient("p1"), patient("p2"))
    land(world.layout, [before], ONE)
    world.run(ONE)
    after = put(tmp_path / "b", "x.ndjson", patient("p1", gender="male"))
    landing, revision = replace(world.layout, [after], ONE)
    assert (landing.files, revision.correction) == (1, Correction.REPLACE)
    assert (revision.folder / "x.ndjson").read_bytes() == before.read_bytes()
    assert [each.number for each in revisions(world.layout)] == [1]
    world.run(ONE)
    assert ids(world) == [("p1", 1, "male")]
    assert ids(world, "silver_patient_history") == [("p1", 1, "male")]


def test_a_record_that_is_withdrawn_leaves_the_latest_remaining_version(world: World, tmp_path: Path) -> None:
    land(world.layout, [put(tmp_path / "a", "x.ndjson", patient("p1"))], ONE)
    land(world.layout, [put(tmp_path / "b", "y.ndjson", patient("p1", gender="male"))], TWO)
    world.run(ONE, TWO)
    assert ids(world) == [("p1", 2, "male")]
    revision = withdraw(world.layout, ["y.ndjson"], TWO)
    assert [file.replaced_by for file in revision.files] == [None]
    world.run(TWO)
    assert ids(world) == [("p1", 1, "female")]


def test_withdrawing_without_names_empties_the_drop(world: World, tmp_path: Path) -> None:
    land(world.layout, [put(tmp_path / "a", "x.ndjson", patient("p1"))], ONE)
    world.run(ONE)
    withdraw(world.layout, [], ONE)
    assert drop_files(world.layout, ONE) == []
    world.run(ONE)
    assert not world.rows("silver_dim_patient")
    assert not world.rows("bronze_file")


def test_a_name_that_the_drop_has_not_withdraws_nothing(world: World, tmp_path: Path) -> None:
    land(world.layout, [put(tmp_path / "a", "x.ndjson", patient("p1"))], ONE)
    with pytest.raises(UsageError, match="Nothing was"):
        withdraw(world.layout, ["x.ndjson", "z.ndjson"], ONE)
    assert len(drop_files(world.layout, ONE)) == 1


def test_the_loss_of_a_file_that_a_correction_put_there_is_seen(world: World, tmp_path: Path) -> None:
    first = put(tmp_path / "a", "x.ndjson", patient("p1"))
    second = put(tmp_path / "b", "x.ndjson", patient("p1", gender="male"))
    land(world.layout, [first], ONE)
    world.run(ONE)
    for source in (second, first):
        replace(world.layout, [source], ONE)
    world.run(ONE)
    (world.layout.drop(ONE) / "x.ndjson").unlink()
    (fault, *_) = world.bronze(ONE).faults
    assert isinstance(fault.error, DropVanished)


def test_the_loss_of_a_file_that_was_withdrawn_and_landed_again_is_seen(world: World, tmp_path: Path) -> None:
    source = put(tmp_path / "a", "x.ndjson", patient("p1"))
    land(world.layout, [source], ONE)
    world.run(ONE)
    withdraw(world.layout, [], ONE)
    world.run(ONE)
    land(world.layout, [source], ONE)
    world.run(ONE)
    (world.layout.drop(ONE) / "x.ndjson").unlink()
    (fault, *_) = world.bronze(ONE).faults
    assert isinstance(fault.error, DropVanished)


def test_a_file_of_a_drop_may_be_named_like_the_listing(world: World, tmp_path: Path) -> None:
    land(world.layout, [put(tmp_path / "a", LISTING, patient("p1"))], ONE)
    revision = withdraw(world.layout, [LISTING], ONE)
    assert (revision.folder / LISTING).exists()
    assert list(revisions(world.layout)) == [revision]


def test_replacing_with_equal_content_makes_no_revision(world: World, tmp_path: Path) -> None:
    source = put(tmp_path / "a", "x.ndjson", patient("p1"))
    land(world.layout, [source], ONE)
    assert replace(world.layout, [source], ONE)[1] is None
    assert list(revisions(world.layout)) == []
