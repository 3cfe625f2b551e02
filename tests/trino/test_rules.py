"""Every rule counts the same on Trino as on DuckDB, in the demo's tables and in its examples."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from healthlake.checks.run import check_published
from healthlake.contracts.registry import TABLES
from healthlake.engine.athena import AthenaEngine
from tests.trino.conftest import Lane
from tests.trino.lake import DAYS


@pytest.fixture(scope="module")
def engine(lane: Lane) -> Iterator[AthenaEngine]:
    with lane.engine() as made:
        yield made


@pytest.mark.parametrize("table", TABLES)
def test_every_rule_counts_the_same_on_trino(table: str, lane: Lane, engine: AthenaEngine) -> None:
    on_trino = check_published(engine, table, DAYS)
    expected = check_published(lane.local.engine, table, DAYS)
    assert [r.error for r in on_trino if r.error] == []
    found = [(r.day, r.check.id, r.applicable, r.violated) for r in on_trino]
    assert found == [(r.day, r.check.id, r.applicable, r.violated) for r in expected]
