"""The verdicts in gold: a rerun finds them again, a deployment's blocking rule stops what is built on the
day, and a sample leads to file and position."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Terms
from healthlake.checks.policy import Policy
from healthlake.contracts.gold import (
    GOLD_DATA_QUALITY_DASHBOARD,
    GOLD_DQ_RESULT,
    GOLD_DQ_SAMPLE,
    GOLD_POPULATION_SUMMARY,
)
from healthlake.errors import RuleStopsGold
from healthlake.lake.revisions import withdraw
from tests.world import World, day, encounter, observation, patient

DAYS = [day(1), day(2), day(3)]
GENDER = next(check for check in catalogue()["silver_patient_history"] if check.name == "gender_in_value_set")
STOPS = Policy({GENDER.id: Terms(None, 0, is_blocking=True, note="2026-03-01: sex is reported by law")})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Three days; on the second a patient's gender is none of the value set."""
    with World(tmp_path / "lake", in_memory=True) as made:
        for number in (1, 2, 3):
            resources = [
                patient(f"p{number}", gender="male"),
                encounter(f"e{number}", f"p{number}"),
                observation(f"o{number}", f"p{number}", 70.5),
            ]
            if number == 2:
                resources.append(patient("p9", gender="M"))
            made.put_resources(day(number), "a.ndjson", resources)
        made.run(*DAYS)
        yield made


def verdicts(world: World, rule: str) -> dict[datetime.date, tuple[int, int, str]]:
    world.engine.read(GOLD_DQ_RESULT)
    rows = world.engine.rows(
        f"SELECT dt, applicable, violated, status FROM gold_dq_result WHERE rule_id = '{rule}' ORDER BY dt"
    )
    return {on: (applicable, violated, status) for on, applicable, violated, status in rows}


def test_each_day_has_a_verdict_of_each_kept_rule_and_a_rerun_gives_the_same_rows(world: World) -> None:
    assert not world.gold(*DAYS).faults
    assert verdicts(world, GENDER.id) == {
        day(1): (1, 0, "pass"),
        day(2): (2, 1, "fail"),
        day(3): (1, 0, "pass"),
    }
    before = {table: world.rows(table) for table in (GOLD_DQ_RESULT, GOLD_DQ_SAMPLE)}
    report = world.gold(day(2))
    assert not report.faults
    assert not any(each.changed for each in report.tables)
    assert {table: world.rows(table) for table in before} == before


def test_a_later_day_changes_no_earlier_verdict(world: World) -> None:
    assert not world.gold(day(2)).faults
    before = world.rows(GOLD_DQ_RESULT)
    world.put_resources(day(4), "b.ndjson", [patient("p9", gender="female")])
    world.run(day(4))
    assert not world.gold(day(2)).faults
    assert world.rows(GOLD_DQ_RESULT) == before


def test_a_sample_names_file_and_position_of_what_violates_a_rule(world: World) -> None:
    assert not world.gold(*DAYS).faults
    world.engine.read(GOLD_DQ_SAMPLE)
    found = world.engine.rows(
        "SELECT dt, sample_number, table_name, row_id, line, entry FROM gold_dq_sample"
        f" WHERE rule_id = '{GENDER.id}'"
    )
    assert found == [(day(2), 1, "silver_patient_history", "p9", 4, -1)]


def test_a_rule_that_a_deployment_made_blocking_stops_gold_from_its_day_on(world: World) -> None:
    report = world.gold(*DAYS, policy=STOPS)
    stopped = {(fault.table, fault.day) for fault in report.faults}
    assert stopped == {(GOLD_POPULATION_SUMMARY.name, day(2)), (GOLD_POPULATION_SUMMARY.name, day(3))}
    assert all(isinstance(fault.error, RuleStopsGold) for fault in report.faults)
    assert f"{GENDER.id} failed on 2026-01-02" in str(report.faults[0].error)
    graded = {(row[0], row[1]): row[-1] for row in world.rows(GOLD_DATA_QUALITY_DASHBOARD)}
    assert graded[day(2), "silver_patient_history"] == "F"
    assert graded[day(3), "silver_patient_history"] != "F"


def test_gold_goes_on_when_the_drop_is_mended(world: World) -> None:
    assert world.gold(*DAYS, policy=STOPS).faults
    withdraw(world.layout, [], day(2))
    world.put_resources(day(2), "mended.ndjson", [patient("p9", gender="female")])
    world.run(day(2))
    assert not world.gold(*DAYS, policy=STOPS).faults


def test_a_day_without_a_verdict_stops_gold_where_rules_do(world: World) -> None:
    report = world.gold(day(3), policy=STOPS)
    (fault,) = report.faults
    assert "2 landed day(s) up to it have no verdict" in str(fault.error)
    assert "healthlake materialize --from 2026-01-01 --to 2026-01-03" in str(fault.error)
