"""Gold days whose inputs changed are known, and no others."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthlake.checks.model import Terms
from healthlake.checks.policy import Policy
from healthlake.contracts.gold import GOLD_DQ_RESULT, GOLD_TABLES
from healthlake.contracts.model import Contract
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.gold import inputs_unchanged
from healthlake.gold_source import GoldSource, SqlSource, gold_source
from healthlake.lake.revisions import replace, withdraw
from healthlake.staleness import changed_days, stale_days, unsplit_days
from tests.world import SQL, World, day, patient

DAYS = [day(1), day(2), day(3)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Three days, each with a patient of its own, in every table."""
    with World(tmp_path / "lake", in_memory=True) as made:
        for number in (1, 2, 3):
            made.put_resources(day(number), "a.ndjson", [patient(f"p{number}")])
        made.run(*DAYS)
        assert not made.gold(*DAYS).faults
        yield made


def stale(world: World) -> dict[str, list[datetime.date]]:
    found = {}
    for contract in GOLD_TABLES:
        found[contract.name] = _stale(world, contract, gold_source(SQL, contract, Policy()))
    return found


def _stale(world: World, contract: Contract, source: GoldSource) -> list[datetime.date]:
    return stale_days(world.catalog, contract, source.text, source.inputs)


def none_stale() -> dict[str, list[datetime.date]]:
    return {contract.name: [] for contract in GOLD_TABLES}


def answers(world: World) -> list[int]:
    source = gold_source(SQL, GOLD_TABLES[0], Policy())
    found = inputs_unchanged(world.engine, world.catalog, GOLD_TABLES[0], source, DAYS)
    return [result.violated for result in found]


def test_nothing_is_stale_after_gold_was_computed_nor_after_a_rerun(world: World) -> None:
    assert stale(world) == none_stale()
    world.run(*DAYS)
    assert stale(world) == none_stale()
    assert unsplit_days(world.engine, world.catalog) == []
    assert answers(world) == [0, 0, 0]


def test_a_late_file_makes_gold_stale_from_its_day_on(world: World) -> None:
    world.put_resources(day(2), "late.ndjson", [patient("p9")])
    assert unsplit_days(world.engine, world.catalog) == [day(2)]
    assert answers(world) == [0, 1, 1]
    world.run(day(2))
    assert unsplit_days(world.engine, world.catalog) == []
    assert stale(world) == {contract.name: [day(2), day(3)] for contract in GOLD_TABLES}
    assert answers(world) == [0, 1, 1]


def test_computing_the_stale_days_again_leaves_none(world: World) -> None:
    withdraw(world.layout, [], day(3))
    assert unsplit_days(world.engine, world.catalog) == [day(3)]
    world.run(day(3))
    assert set(map(tuple, stale(world).values())) == {(day(3),)}
    assert not world.gold(day(3)).faults
    assert stale(world) == none_stale()


def test_other_sql_makes_every_day_stale(world: World) -> None:
    contract = GOLD_TABLES[-1]
    source = gold_source(SQL, contract, Policy())
    assert _stale(world, contract, SqlSource(source.text + "\n")) == DAYS


def test_other_terms_of_a_rule_make_every_days_verdicts_stale(world: World) -> None:
    policy = Policy({"P01": Terms(50, None, note="2026-03-01: tried")})
    assert _stale(world, GOLD_DQ_RESULT, gold_source(SQL, GOLD_DQ_RESULT, policy)) == DAYS


def test_a_landed_day_that_was_never_split_is_unsplit(world: World) -> None:
    world.put_resources(day(5), "a.ndjson", [patient("p5")])
    assert unsplit_days(world.engine, world.catalog) == [day(5)]
    assert answers(world) == [0, 0, 0]


def test_a_correction_of_equal_size_is_seen(world: World, tmp_path: Path) -> None:
    before = (world.layout.drop(day(2)) / "a.ndjson").read_bytes()
    (tmp_path / "a.ndjson").write_bytes(before.replace(b"1980", b"1985"))
    replace(world.layout, [tmp_path / "a.ndjson"], day(2))
    assert unsplit_days(world.engine, world.catalog) == [day(2)]
    world.run(day(2))
    assert unsplit_days(world.engine, world.catalog) == []
    assert set(map(tuple, stale(world).values())) == {(day(2), day(3))}


def test_a_correction_that_got_no_further_than_bronze_is_seen_and_stops_gold(
    world: World, tmp_path: Path
) -> None:
    """Seen with a Glue run that went on after its command was killed: counts were equal, and nothing told."""
    before = (world.layout.drop(day(2)) / "a.ndjson").read_bytes()
    (tmp_path / "a.ndjson").write_bytes(before.replace(b"1980", b"1985"))
    replace(world.layout, [tmp_path / "a.ndjson"], day(2))
    assert not world.bronze(day(2)).faults
    assert unsplit_days(world.engine, world.catalog) == []
    assert changed_days(world.engine, world.catalog) == [day(2)]
    assert answers(world) == [0, 1, 1]
    assert {fault.day for fault in world.gold(*DAYS).faults} == {day(2), day(3)}
    assert not world.silver(day(2)).faults
    assert changed_days(world.engine, world.catalog) == []
    assert not world.gold(*DAYS).faults
    assert stale(world) == none_stale()


def test_a_day_that_has_silver_and_no_gold_is_stale(world: World) -> None:
    world.put_resources(day(5), "a.ndjson", [patient("p5")])
    world.run(day(5))
    assert set(map(tuple, stale(world).values())) == {(day(5),)}


def test_a_late_day_that_got_no_further_than_bronze_is_seen(world: World) -> None:
    world.put_resources(day(4), "a.ndjson", [patient("p4")])
    assert not world.bronze(day(4)).faults
    assert changed_days(world.engine, world.catalog) == [day(4)]
    assert not world.silver(day(4), types=RESOURCE_TYPES[:1]).faults
    assert changed_days(world.engine, world.catalog) == [day(4)]
    assert not world.silver(day(4)).faults
    assert changed_days(world.engine, world.catalog) == []


def test_a_landed_day_of_no_files_is_behind_until_it_was_conformed(world: World) -> None:
    world.layout.drop(day(4)).mkdir()
    assert changed_days(world.engine, world.catalog) == [day(4)]
    world.run(day(4))
    assert changed_days(world.engine, world.catalog) == []
