"""What is Spark's own: the lake's catalog is the one of PyIceberg, and what Spark says stays unsaid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from healthlake.errors import EngineError, HealthlakeError
from tests.world import World, day, patient

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLE = "glue_catalog.healthlake.silver_dim_patient"


def test_rows_that_another_writer_deleted_merge_on_read_are_not_read_as_if_they_were_there(
    spark: SparkSession, lake: Path
) -> None:
    with World(lake, spark=spark) as world, World(lake) as other:
        world.put_resources(day(1), "a.ndjson", [patient("p1"), patient("p2")])
        world.run(day(1))
        sql = world.engine.session.sql  # type: ignore[union-attr]
        assert sql(f"SELECT count(*) FROM {TABLE}").collect()[0][0] == 2
        sql(f"ALTER TABLE {TABLE} SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')")
        sql(f"DELETE FROM {TABLE} WHERE patient_id = 'p1'")
        for each in (world, other):
            with pytest.raises(HealthlakeError, match="copy-on-write"):
                each.rows("silver_dim_patient")


def test_an_exception_of_a_task_says_neither_value_nor_sql(spark: SparkSession, lake: Path) -> None:
    with World(lake, spark=spark) as world:
        world.engine.define("people", "SELECT CONCAT('Jane', CAST(id AS STRING)) AS name FROM range(3)")
        world.engine.doing("reading people")
        with pytest.raises(EngineError) as caught:
            world.engine.rows("SELECT CAST(name AS INT) FROM people")
        said = str(caught.value)
        assert said.startswith("reading people: Spark failed (CAST_INVALID_INPUT)")
        assert "Jane" not in said and "SELECT" not in said
        assert caught.value.__suppress_context__


def test_a_stored_relation_is_what_it_was_when_it_was_stored(spark: SparkSession, lake: Path) -> None:
    with World(lake, spark=spark) as world:
        engine = world.engine
        engine.define("source", "SELECT 1 AS n")
        engine.store("kept", "SELECT n + 1 AS n FROM source")
        engine.define("source", "SELECT 10 AS n")
        assert engine.rows("SELECT n FROM kept") == [(2,)]
        engine.store("kept", "SELECT n + 1 AS n FROM source")
        assert engine.rows("SELECT n FROM kept") == [(11,)]
