"""What is Spark's own: the lake's catalog is the one of PyIceberg, and what Spark says stays unsaid."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from healthlake.contracts.registry import TABLES
from healthlake.engine.spark import SPARK_TYPES
from healthlake.engine.spark_tasks import TaskProgress, run_tasks, watching
from healthlake.errors import EngineError, HealthlakeError
from healthlake.split import FileNotReadable
from tests.world import World, day, patient

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PATIENTS = "glue_catalog.healthlake.silver_dim_patient"


def test_rows_that_another_writer_deleted_merge_on_read_are_not_read_as_if_they_were_there(
    spark: SparkSession, lake: Path
) -> None:
    with World(lake, spark=spark) as world, World(lake) as other:
        world.put_resources(day(1), "a.ndjson", [patient("p1"), patient("p2")])
        world.run(day(1))
        sql = world.engine.session.sql  # type: ignore[union-attr]
        assert sql(f"SELECT count(*) FROM {PATIENTS}").collect()[0][0] == 2
        sql(f"ALTER TABLE {PATIENTS} SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')")
        sql(f"DELETE FROM {PATIENTS} WHERE patient_id = 'p1'")
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


def test_an_error_of_our_own_comes_out_of_a_task_with_its_words(spark: SparkSession, lake: Path) -> None:
    def task(item: int, _: TaskProgress) -> dict[str, int]:
        if item:
            raise FileNotReadable("file 2 can't be read. Make it readable, then run the day again.")
        return {}

    with World(lake, spark=spark) as world:
        with (
            pytest.raises(FileNotReadable, match="Make it readable"),
            world.engine.quiet(),  # type: ignore[union-attr]
            watching(world.layout, lambda done, entries: None) as notes,
        ):
            run_tasks(spark, [0, 1], task, dict[str, int], notes)
        assert list(world.layout.scratch.iterdir()) == []


def test_notes_of_a_running_split_stay_when_another_engine_starts(lake: Path) -> None:
    with World(lake) as world, watching(world.layout, lambda done, entries: None) as notes, World(lake):
        assert Path(notes).is_dir()


def test_a_file_whose_name_is_no_utf8_is_split_on_spark_too(spark: SparkSession, lake: Path) -> None:
    with World(lake, spark=spark) as world:
        world.put_resources(day(1), os.fsdecode(b"J\xe9r.ndjson"), [patient("p1")])
        for _ in range(2):
            assert not world.bronze(day(1)).faults
        assert [row["path"] for row in world.records("bronze_file")] == ["J\\xe9r.ndjson"]


def test_a_write_of_which_one_task_fails_leaves_no_file(spark: SparkSession, lake: Path) -> None:
    table = TABLES["silver_quarantine"]
    made = {"dt": "DATE '2026-01-01'", "line": "1 / (id - 1)"}
    columns = ", ".join(
        f"CAST({made.get(column.name, 'NULL')} AS {SPARK_TYPES[column.type].simpleString()}) AS {column.name}"
        for column in table
    )
    with World(lake, spark=spark) as world:
        engine = world.engine
        with pytest.raises(EngineError, match="DIVIDE_BY_ZERO"):
            engine.stage(table, day(1), f"SELECT {columns} FROM range(0, 2, 1, 2)")
        assert list(lake.rglob("*.parquet")) == []


def test_a_stored_relation_is_what_it_was_when_it_was_stored(spark: SparkSession, lake: Path) -> None:
    with World(lake, spark=spark) as world:
        engine = world.engine
        engine.define("source", "SELECT 1 AS n")
        engine.store("kept", "SELECT n + 1 AS n FROM source")
        engine.define("source", "SELECT 10 AS n")
        assert engine.rows("SELECT n FROM kept") == [(2,)]
        engine.store("kept", "SELECT n + 1 AS n FROM source")
        assert engine.rows("SELECT n FROM kept") == [(11,)]
