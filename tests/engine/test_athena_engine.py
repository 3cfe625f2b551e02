"""What the engine sends, held without a server: statements with exactly the relations that they read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from healthlake.contracts.gold import GOLD_POPULATION_SUMMARY
from healthlake.contracts.registry import TABLES
from healthlake.engine.athena import LONGEST, AthenaEngine
from healthlake.errors import EngineError
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from tests.world import day

PATIENTS = TABLES["silver_dim_patient"]


class Paper:
    """Writes statements down; each answers with no row."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def rows(self, sql: str, parameters: Sequence[str] = (), *, what: str) -> list[tuple[Any, ...]]:
        self.sent.append(sql)
        return []

    def execute(self, sql: str, parameters: Sequence[str] = (), *, what: str, token: str) -> None:
        self.sent.append(sql)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def engine(lake: Path, paper: Paper) -> AthenaEngine:
    return AthenaEngine(LakeCatalog(LakeLayout(lake), "healthlake"), paper)


def sent(engine: AthenaEngine, paper: Paper, sql: str) -> str:
    engine.rows(sql)
    return paper.sent[-1]


def test_a_statement_has_the_relations_that_it_reads_each_once_in_order(
    engine: AthenaEngine, paper: Paper
) -> None:
    engine.define("a", "SELECT 1 AS x")
    engine.define("b", "SELECT x FROM a")
    engine.define("unread", "SELECT 2 AS x")
    text = sent(engine, paper, "SELECT b.x FROM b INNER JOIN a ON a.x = b.x")
    assert text == (
        'WITH "a" AS (SELECT 1 AS x), "b" AS (SELECT x FROM "a" AS a)'
        ' SELECT b.x FROM "b" AS b INNER JOIN "a" AS a ON a.x = b.x'
    )


def test_a_relation_keeps_what_its_names_meant_when_it_was_made(engine: AthenaEngine, paper: Paper) -> None:
    engine.define("a", "SELECT 1 AS x")
    engine.define("b", "SELECT x FROM a")
    engine.define("a", "SELECT 2 AS x")
    text = sent(engine, paper, "SELECT b.x FROM b CROSS JOIN a")
    assert '"a" AS (SELECT 1 AS x)' in text
    assert '"a__2" AS (SELECT 2 AS x)' in text
    assert text.endswith('FROM "b" AS b CROSS JOIN "a__2" AS a')


def test_the_statements_own_with_comes_after_and_hides_no_relation(
    engine: AthenaEngine, paper: Paper
) -> None:
    engine.define("a", "SELECT 1 AS x")
    text = sent(engine, paper, "WITH own AS (SELECT x FROM a) SELECT x FROM own")
    assert text == 'WITH "a" AS (SELECT 1 AS x), own AS (SELECT x FROM "a" AS a) SELECT x FROM own'


def test_a_recursive_with_stays_one(engine: AthenaEngine, paper: Paper) -> None:
    engine.define("a", "SELECT 1 AS x")
    counted = "SELECT 1 UNION ALL SELECT n + 1 FROM t"
    text = engine.statement(f"WITH RECURSIVE t(n) AS ({counted}) SELECT x FROM a CROSS JOIN t")
    assert text.startswith('WITH RECURSIVE "a" AS (SELECT 1 AS x), t(n) AS (')


def test_a_table_without_snapshot_is_an_empty_typed_relation(engine: AthenaEngine, paper: Paper) -> None:
    engine.read(GOLD_POPULATION_SUMMARY)
    text = sent(engine, paper, f"SELECT value FROM {GOLD_POPULATION_SUMMARY.name}")
    assert "CAST(NULL AS DATE) AS dt" in text and "CAST(NULL AS BIGINT) AS value" in text
    assert "WHERE FALSE" in text and '"healthlake".' not in text


def test_a_named_function_becomes_its_body_also_inside_another_ones_argument(
    engine: AthenaEngine, paper: Paper
) -> None:
    text = sent(engine, paper, "SELECT start_of_day(fhir_date(t)) AS x FROM (SELECT '2026-01-31' AS t) AS v")
    assert "start_of_day" not in text.lower() and "fhir_date" not in text.lower()
    assert "AS TIMESTAMP(6))" in text


def test_a_timestamp_keeps_its_microseconds(engine: AthenaEngine, paper: Paper) -> None:
    assert "TIMESTAMP(6)" in sent(engine, paper, "SELECT CAST(x AS TIMESTAMP_NTZ) AS x FROM t")


def test_a_statement_that_is_too_long_is_never_sent(engine: AthenaEngine, paper: Paper) -> None:
    engine.doing("asking too much")
    with pytest.raises(EngineError, match=r"asking too much: the statement has [0-9,]+ bytes") as caught:
        engine.rows(f"SELECT '{'é' * (LONGEST // 2)}' AS x")
    assert "é" not in str(caught.value)
    assert paper.sent == []


def test_what_spark_does_is_refused_with_the_job_that_does_it(engine: AthenaEngine) -> None:
    with pytest.raises(EngineError, match="in the job raw_to_bronze"):
        engine.split(day(1), [], lambda done, entries: None)
    with pytest.raises(EngineError, match="in the job bronze_to_silver"):
        engine.read_changes(PATIENTS, None, "x")
