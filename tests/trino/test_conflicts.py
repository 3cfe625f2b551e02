"""Writers that meet: the one that comes second is told, recomputes from the new base, and nothing is lost or
mixed.

Needs an emulator whose Glue compares versions; moto's own lets the second writer win in silence.
"""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest

from healthlake.contracts.gold import GOLD_POPULATION_SUMMARY
from healthlake.engine.athena import AthenaEngine
from healthlake.lake.catalog import CommitConflict
from tests.trino.conftest import Lane
from tests.trino.lake import DAYS, glue_lake
from tests.trino.test_publish import Sheet, select

TABLE = GOLD_POPULATION_SUMMARY


@pytest.fixture(autouse=True)
def emulator_compares_versions(lane: Lane) -> None:
    if not hasattr(lane.emulator.glue, "conflict"):
        pytest.skip("this emulator's Glue does not compare versions")


def test_a_lost_commit_is_a_conflict_and_leaves_the_day_as_it_was(lane: Lane) -> None:
    sheet = Sheet(lane, "sheet_conflict")
    sheet.publish(DAYS[0], {"a": 1})
    # Trino tries again by itself where only the table's version moved on.
    lane.emulator.glue.conflict(100)  # type: ignore[attr-defined]
    with pytest.raises(CommitConflict):
        sheet.publish(DAYS[0], {"a": 2})
    lane.emulator.glue.conflict(0)  # type: ignore[attr-defined]
    assert sheet.rows() == [(DAYS[0], "a", 1)]
    assert sheet.publish(DAYS[0], {"a": 2}).changed
    assert sheet.rows() == [(DAYS[0], "a", 2)]


def test_writers_at_once_lose_no_day_and_mix_none(lane: Lane) -> None:
    Sheet(lane, "sheet_race").publish(DAYS[2], {"z": 0})

    def write(number: int) -> int:
        """Writes its days until each is published; how often it was told to recompute."""
        catalog = glue_lake("sheet_race")
        lost = 0
        with AthenaEngine(catalog, lane.session("sheet_race")) as engine:
            for on in DAYS[:2]:
                while not published(engine, on, {f"{number}a": number, f"{number}b": number}):
                    lost += 1
                    assert lost < 40
        return lost

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(write, range(3))) > 0
    rows = Sheet(lane, "sheet_race").rows()
    assert rows[-1] == (DAYS[2], "z", 0)
    for on in DAYS[:2]:
        left = [(name, value) for day, name, value in rows if day == on]
        assert left in [[(f"{n}a", n), (f"{n}b", n)] for n in range(3)]


def published(engine: AthenaEngine, on: datetime.date, counts: dict[str, int]) -> bool:
    try:
        engine.publish(TABLE, [engine.stage(TABLE, on, select(on, counts), "athena")], {})
    except CommitConflict:
        return False
    return True
