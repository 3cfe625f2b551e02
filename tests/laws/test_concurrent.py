"""Law 2: runs of the same and of other days at once end in the rows that one after the other gives."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from healthlake.contracts.registry import TABLES
from tests.world import World, day, encounter, observation, patient


def fill(world: World) -> None:
    for number in (1, 2, 3):
        resources = [patient("p1", active=number > 1), patient(f"p-{number}"), encounter("e1", f"p-{number}")]
        world.put_resources(day(number), "a.ndjson", [*resources, observation("o1", "p1", float(number))])


def run(root: Path, number: int) -> None:
    with World(root) as world:
        world.run(day(number))


@pytest.mark.parametrize("numbers", [(1, 2, 3), (2, 2, 2)], ids=["other days", "one day"])
def test_three_runs_at_once_end_in_the_rows_of_runs_in_a_row(
    numbers: tuple[int, ...], tmp_path: Path
) -> None:
    with World(tmp_path / "one") as one:
        fill(one)
        for number in dict.fromkeys(numbers):
            one.run(day(number))
        expected = one.tables()
    with World(tmp_path / "other") as other:
        fill(other)
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=run, args=(tmp_path / "other", number)) for number in numbers]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with World(tmp_path / "other") as other:
        assert other.tables() == expected
        for name, rows in expected.items():
            files = other.catalog.version(TABLES[name])
            assert files is not None
            assert sum(file.rows for file in files.files) == len(rows)
