"""What the demo's drops break is known, true, and explained in the docs; samples are of what broke it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from healthlake.checks.catalogue import kept_checks
from healthlake.checks.model import Status
from healthlake.contracts.registry import TABLES
from healthlake.quality import SAMPLES, violators
from tests.conftest import REPOSITORY
from tests.world import World, day

DAYS = (day(1), day(2), day(3))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo's three days in every table."""
    with World(tmp_path_factory.mktemp("demo") / "lake", in_memory=True) as world:
        shutil.copytree(REPOSITORY / "demo" / "drops", world.layout.drop(DAYS[0]).parent, dirs_exist_ok=True)
        world.run(*DAYS)
        assert not world.gold(*DAYS).faults
        for name in TABLES:
            world.engine.read(TABLES[name])
        yield world


def test_no_rule_fails_on_the_demo_and_each_warning_is_explained(demo: World) -> None:
    found = demo.engine.rows("SELECT rule_id, status FROM gold_dq_result")
    assert not [rule for rule, status in found if status in (Status.FAIL, Status.ERROR)]
    assert {rule for rule, status in found if status == Status.WARN} == {
        c.id for c in kept_checks() if c.note
    }


def test_the_samples_of_a_rule_and_day_are_rows_that_violate_it_as_many_as_are_kept(demo: World) -> None:
    place = "row_id, file_id, line, entry"
    kept = demo.engine.rows(f"SELECT dt, rule_id, {place} FROM gold_dq_sample")
    violated = demo.engine.rows("SELECT dt, rule_id FROM gold_dq_result WHERE violated > 0")
    checks = {check.id: check for check in kept_checks() if check.is_of_rows or check.violators}
    asked = [(on, rule) for on, rule in violated if rule in checks]
    assert asked
    for on, rule in asked:
        listed = set(demo.engine.rows(f"SELECT {place} FROM ({violators(checks[rule], on)}) AS v"))
        sample = [tuple(row[2:]) for row in kept if (row[0], row[1]) == (on, rule)]
        assert set(sample) <= listed, rule
        assert len(sample) == min(SAMPLES, len(listed)), rule
    assert {(row[0], row[1]) for row in kept} <= set(asked)
