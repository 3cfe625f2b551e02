"""Every rule has its defect and its neighbour: an example that it must find, and one that it must leave.

Asked on DuckDB through the calls that production makes, alone and with all rules of its table; Spark says the
same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.fused import SAMPLE_COLUMNS, violating_rows
from healthlake.checks.model import Check
from healthlake.checks.run import run_checks
from healthlake.contracts.registry import TABLES
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from tests.checks.asked_at_once import answers, tables
from tests.checks.examples import DAY, Example, all_examples, arrow
from tests.functions.engines import open_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXAMPLES = list(all_examples())


class Bench:
    """An engine whose tables are an example's."""

    def __init__(self, root: Path) -> None:
        self.engine = DuckDBEngine(LakeCatalog(LakeLayout(root), "healthlake"))
        self._given: set[str] = set()
        self._lay({name: [] for name in TABLES})

    def ask(self, example: Example, checks: list[Check]) -> dict[str, tuple[int, int]]:
        """Rule id -> what it applies to and what violates it, in the example's tables."""
        tables = example.tables()
        self._lay({name: [] for name in self._given - tables.keys()} | tables)
        self._given = {name for name, rows in tables.items() if rows}
        # The relation is named: else rules that metadata can answer would be asked of the empty lake's.
        results = run_checks(self.engine, checks, [DAY], relation=example.check.table)
        assert [result.error for result in results if result.error] == []
        return {result.check.id: (result.applicable, result.violated) for result in results}

    def sample(self, check: Check) -> list[tuple[object, ...]]:
        """The rows that violate `check` in the tables that were asked last."""
        if check.is_of_rows:
            return self.engine.rows(violating_rows(check, check.table, DAY))
        sql = check.violators.format(relation=check.table, day=f"DATE '{DAY}'")
        return self.engine.rows(f"SELECT {', '.join(SAMPLE_COLUMNS)} FROM ({sql}) AS v")

    def _lay(self, tables: dict[str, list[dict[str, object]]]) -> None:
        for name, rows in tables.items():
            self.engine.connection.register(name, arrow(name, rows))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("lake"))
    yield made
    made.engine.close()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_rule_finds_its_defect_and_leaves_its_neighbour(example: Example, bench: Bench) -> None:
    check = example.check
    alone = bench.ask(example, [check])[check.id]
    assert example.is_met(*alone), alone
    if check.is_of_rows or check.violators:
        assert len(bench.sample(check)) == alone[1]
    if check.is_of_rows:
        together = [each for each in catalogue()[check.table] if each.is_of_rows]
        assert bench.ask(example, together)[check.id] == alone


def test_spark_gives_every_example_the_same_verdict(spark: SparkSession, bench: Bench) -> None:
    # Of a family one: the SQL of its others differs in names. Planning all of them takes a minute.
    asked = list({(each.check.id.split(".")[0], each.trips): each for each in EXAMPLES}.values())
    session = open_spark(spark)
    session.conf.set("spark.sql.shuffle.partitions", "1")
    for name, rows in tables(asked):
        session.createDataFrame(rows).createOrReplaceTempView(name)
    found = answers(lambda sql: session.sql(sql).collect(), asked)
    expected = [bench.ask(each, [each.check])[each.check.id] for each in asked]
    differ = {each.name: (found[n], expected[n]) for n, each in enumerate(asked) if found[n] != expected[n]}
    assert differ == {}
