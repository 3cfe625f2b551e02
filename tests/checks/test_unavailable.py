"""What checks answer where the engine takes no query: each reports, and none is asked a second time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Status
from healthlake.checks.run import run_checks
from healthlake.contracts.registry import TABLES
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import EngineUnavailable
from tests.world import World, day, encounter, patient

CHECKS = [check for check in catalogue()["silver_encounter_history"] if check.has_query and not check.counted]


@pytest.fixture
def world(lake: Path) -> Iterator[World]:
    with World(lake) as made:
        made.put_resources(day(1), "a.ndjson", [patient("p1"), encounter("e1", "p1")])
        made.run(day(1))
        for table in TABLES.values():
            made.engine.read(table)
        yield made


def test_every_check_reports_and_each_query_is_tried_once_where_none_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(engine: DuckDBEngine, sql: str) -> Sequence[tuple[Any, ...]]:
        asked.append(sql)
        raise EngineUnavailable("no workgroup nowhere")

    monkeypatch.setattr(DuckDBEngine, "rows", refuse)
    results = run_checks(world.engine, CHECKS, [day(1)])
    assert [result.check.id for result in results] == [check.id for check in CHECKS]
    assert {(result.status(), result.error) for result in results} == {(Status.ERROR, "no workgroup nowhere")}
    assert len(asked) <= 3
