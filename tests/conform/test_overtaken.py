"""Ids whose newest version is in quarantine are counted, and warned of on the day that brought it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthlake.checks.run import check_published
from healthlake.conform.overtaken import Overtaken, overtaken
from tests.world import World, day, observation, patient


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "lake", in_memory=True) as made:
        yield made


def wrong(identifier: str, **fields: Any) -> dict[str, Any]:
    """A patient of wrong shape."""
    return patient(identifier, gender=1, **fields)


def at(time: str) -> dict[str, str]:
    return {"lastUpdated": time}


def patients(world: World) -> tuple[int, int]:
    found = {each.current: each for each in overtaken(world.engine)}["silver_dim_patient"]
    return found.with_row, found.without_row


def warned(world: World, *days: int) -> list[tuple[int, int]]:
    """Applicable and violated for each day, of what is published."""
    checks = check_published(world.engine, "silver_dim_patient", [day(number) for number in days])
    return [(c.applicable, c.violated) for c in checks if c.check.name == "newest_not_quarantined"]


def test_a_newer_version_of_wrong_shape_counts_and_an_older_one_does_not(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1"), patient("p2", meta=at("2026-01-09T00:00:00Z"))])
    world.put_resources(day(2), "b.ndjson", [wrong("p1"), wrong("p2", meta=at("2026-01-08T00:00:00Z"))])
    world.run(day(1), day(2))
    assert patients(world) == (1, 0)
    assert warned(world, 1, 2) == [(0, 0), (2, 1)]


def test_an_id_that_was_never_right_counts_apart(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [wrong("p1")])
    world.run(day(1))
    assert patients(world) == (0, 1)


def test_a_right_version_that_comes_later_ends_it(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    world.put_resources(day(2), "b.ndjson", [wrong("p1")])
    world.put_resources(day(3), "c.ndjson", [patient("p1", birthDate="1990-01-01")])
    world.run(day(1), day(2), day(3))
    assert patients(world) == (0, 0)
    assert warned(world, 2) == [(1, 0)]


def test_an_id_counts_once_however_often_it_was_set_aside(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    world.put_resources(day(2), "b.ndjson", [wrong("p1"), wrong("p1", birthDate="1990-01-01")])
    world.put_resources(day(3), "c.ndjson", [wrong("p1", birthDate="1991-01-01")])
    world.run(day(1), day(2), day(3))
    assert patients(world) == (1, 0)


def test_the_rows_of_an_observation_are_one_id(world: World) -> None:
    two = {"component": [{"code": {}, "valueString": "x"}] * 2}
    world.put_resources(day(1), "a.ndjson", [observation("o1", "p1", **two)])
    world.put_resources(day(2), "b.ndjson", [observation("o1", "p1", status=1)])
    world.run(day(1), day(2))
    assert Overtaken("silver_fct_observation_value", 1, 0) in overtaken(world.engine)


def test_the_job_warns_of_the_day_and_of_no_other(world: World) -> None:
    world.put_resources(day(1), "a.ndjson", [patient("p1")])
    world.put_resources(day(2), "b.ndjson", [wrong("p1")])
    world.bronze(day(1), day(2))
    report = world.silver(day(1), day(2))
    failed = [
        (c.check.table, c.day) for c in report.checks if c.check.name.startswith("newest") and c.violated
    ]
    assert failed == [("silver_dim_patient", day(2))] and not report.faults
