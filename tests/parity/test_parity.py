"""Every engine gives the same rows: bronze and silver of one input by DuckDB, by Spark, by both in turn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from healthlake.contracts.registry import BRONZE_TABLES, SILVER_TABLES
from tests.conftest import REPOSITORY, SHARED
from tests.parity.drops import DAYS, EXAMPLES, generated, put_generated, put_golden
from tests.world import World, day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLES = (*BRONZE_TABLES, *SILVER_TABLES)


@dataclass
class Lakes:
    """One input, three ways."""

    duckdb: World
    spark: World
    mixed: World


@pytest.fixture(scope="module")
def lakes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakes]:
    root = tmp_path_factory.mktemp("parity")
    with (
        World(root / "duckdb") as duckdb,
        World(root / "spark", spark=spark) as by_spark,
        World(root / "mixed") as mixed,
        World(root / "mixed", spark=spark) as mixed_spark,
    ):
        examples = generated()
        assert len(examples) == EXAMPLES
        for world in (duckdb, by_spark, mixed):
            fill(world, examples)
        all_days = [day(number) for number in DAYS]
        duckdb.run(*all_days)
        by_spark.run(*all_days)
        mixed.run(day(1))
        mixed_spark.run(day(2))
        mixed_spark.run(day(1))
        mixed.run(day(3))
        yield Lakes(duckdb, by_spark, mixed)


def fill(world: World, examples: list[dict[int, list[dict[str, object]]]]) -> None:
    """The demo's drops, the shared samples, the golden cases and the generated drops, in three days."""
    for number in DAYS:
        on = day(number)
        shutil.copytree(REPOSITORY / "demo" / "drops" / f"dt={on}", world.layout.drop(on) / "demo")
    if SHARED.is_dir():
        shutil.copytree(SHARED / "sample_fhir", world.layout.drop(day(1)) / "sample")
    assert put_golden(world, REPOSITORY / "tests" / "golden" / "cases") > 5
    put_generated(world, examples)


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_a_table_has_the_same_rows_values_and_types_on_both_engines(lakes: Lakes, table: str) -> None:
    expected, found = lakes.duckdb.arrow(table), lakes.spark.arrow(table)
    assert found.schema == expected.schema
    assert differences(expected, found) == []
    assert found.equals(expected)


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_a_lake_that_one_engine_wrote_is_continued_by_the_other(lakes: Lakes, table: str) -> None:
    expected, found = lakes.duckdb.arrow(table), lakes.mixed.arrow(table)
    assert differences(expected, found) == []
    assert found.equals(expected)


def test_no_table_is_compared_empty(lakes: Lakes) -> None:
    assert [table.name for table in TABLES if not lakes.duckdb.arrow(table.name).num_rows] == []


def differences(expected: pa.Table, found: pa.Table) -> list[str]:
    """The rows that only one side has, to be read by a person; few of them."""
    left, right = ({repr(row) for row in table.to_pylist()} for table in (expected, found))
    return [f"- {row}" for row in sorted(left - right)[:3]] + [f"+ {row}" for row in sorted(right - left)[:3]]
