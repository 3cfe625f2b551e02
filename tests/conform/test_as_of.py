"""The state as known on a day: read from the current table where that is the same, else chosen from history;
the same rows either way."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthlake.conform.as_of import as_of, as_of_name, relate_as_of
from healthlake.contracts.silver import RESOURCE_TYPES, ResourceType
from healthlake.errors import EngineError
from tests.world import World, component, day, encounter, observation, patient


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two days: the second has newer versions, a new patient and one that is deleted."""
    with World(tmp_path / "lake") as world:
        world.put_resources(
            day(1),
            "a.ndjson",
            [
                *(patient(f"p{number}") for number in range(3)),
                encounter("e1", "p1"),
                observation("o1", "p1", None, component=[component("8480-6", 120)]),
            ],
        )
        newer = [patient("p1", gender="other"), patient("p9"), encounter("e2", "p9"), observation("o2", "p9")]
        world.put_resources(day(2), "a.ndjson", newer)
        gone = b'{"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "DELETE",'
        world.put(day(2), "b.json", gone + b' "url": "Patient/p2"}}]}')
        world.run(day(1), day(2))
        yield world


def both(world: World, kind: ResourceType, on: datetime.date) -> tuple[list[object], list[object], bool]:
    """The rows as related and as chosen from history, and whether they were chosen for the relation."""
    relate_as_of(world.engine, kind, on)
    name = as_of_name(kind)
    related = world.engine.rows(f"SELECT * FROM {name}")
    kinds = world.engine.rows(f"SELECT table_type FROM information_schema.tables WHERE table_name = '{name}'")
    world.engine.define("chosen", as_of(kind, on))
    chosen = world.engine.rows("SELECT * FROM chosen")
    return sorted(related, key=repr), sorted(chosen, key=repr), kinds == [("LOCAL TEMPORARY",)]


@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.name)
def test_the_newest_day_is_what_the_current_table_says(world: World, kind: ResourceType) -> None:
    related, chosen, was_chosen = both(world, kind, day(2))
    assert related == chosen and len(chosen) >= 1
    assert not was_chosen


@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.name)
def test_an_earlier_day_is_chosen_from_history(world: World, kind: ResourceType) -> None:
    related, chosen, was_chosen = both(world, kind, day(1))
    assert related == chosen and len(chosen) >= 1
    assert was_chosen


def test_a_current_table_that_a_killed_run_left_behind_its_history_is_not_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise EngineError("killed")

    (kind,) = (kind for kind in RESOURCE_TYPES if kind.name == "Patient")
    world.put_resources(day(3), "a.ndjson", [patient("p10")])
    assert not world.bronze(day(3)).faults
    with monkeypatch.context() as patched:
        patched.setattr("healthlake.jobs.refresh_current", killed)
        assert world.silver(day(3)).faults
    assert "p10" not in {row["patient_id"] for row in world.records(kind.current.name)}
    related, chosen, was_chosen = both(world, kind, day(3))
    assert related == chosen and was_chosen
    assert len(related) == len(world.records(kind.current.name)) + 1
