"""Law 6: a run that is killed at any commit and followed by a run of any day leaves the tables of one that
was not."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from healthlake.contracts.model import Contract
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.table_version import Version
from tests.world import World, component, day, encounter, observation, patient

KILLED = 9


class DyingCatalog(LakeCatalog):
    """Ends the process at its `last` commit: just before it is made, or just after."""

    last = 0
    after = False

    def commit(
        self,
        contract: Contract,
        base: Version,
        remove: Iterable[str],
        add: Sequence[tuple[str, int]],
        properties: Mapping[str, str],
    ) -> Version:
        self.last -= 1
        if self.last == 0 and not self.after:
            os._exit(KILLED)
        made = super().commit(contract, base, remove, add, properties)
        if self.last == 0:
            os._exit(KILLED)
        return made


def fill(world: World) -> None:
    """Three days in which versions, components and a deletion follow each other."""
    panel = [component("8480-6", 120), component("8462-4", 80)]
    world.put_resources(
        day(1),
        "a.ndjson",
        [patient("p1"), encounter("e1", "p1"), observation("o1", "p1"), observation("o2", "p1", 2.0)],
    )
    world.put_resources(
        day(2),
        "a.ndjson",
        [
            patient("p1", active=True),
            patient("p2"),
            observation("o1", "p1", None, component=panel),
            encounter("e1", "p2"),
        ],
    )
    world.put(
        day(3),
        "b.json",
        b'{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Observation/o2"}}]}',
    )


def run_until_killed(root: Path, number: int, commit: int, after: bool) -> None:
    """In a process of its own: bronze and silver of a day, up to a commit."""
    with World(root) as world:
        catalog = DyingCatalog(world.layout, "healthlake")
        catalog.last, catalog.after = commit, after
        world.catalog = world.engine.catalog = catalog
        world.run(day(number))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with World(tmp_path_factory.mktemp("never") / "lake") as world:
        fill(world)
        world.run(day(1), day(2), day(3))
        return world.tables()


# Commits of a day: up to seven of bronze (none for a table that stays empty), then per type history, current
# and collapsed table, then the shared tables.
@pytest.mark.parametrize(
    ("commit", "after"), [(1, True), (4, False), (5, True), (7, True), (10, True), (11, True)]
)
def test_a_run_killed_between_two_commits_is_made_good_by_a_run_of_another_day(
    commit: int, after: bool, tmp_path: Path, expected: dict[str, object]
) -> None:
    root = tmp_path / "lake"
    with World(root) as world:
        fill(world)
        world.run(day(1))
    process = multiprocessing.get_context("fork").Process(
        target=run_until_killed, args=(root, 2, commit, after)
    )
    process.start()
    process.join(60)
    assert process.exitcode == KILLED
    with World(root) as world:
        world.run(day(3))
        history = {"silver_patient_history", "silver_encounter_history", "silver_observation_history"}
        for kind, current in (("patient", "dim_patient"), ("encounter", "fct_encounter")):
            assert half_derived(world, f"silver_{kind}_history", f"silver_{current}") == []
        world.run(day(2))
        assert world.tables() == expected, history


def half_derived(world: World, history: str, current: str) -> list[object]:
    """Ids of the current table that its history doesn't know, or the other way round (nothing is deleted
    there)."""
    return sorted({row[1] for row in world.rows(history)} ^ {row[1] for row in world.rows(current)})
