"""Measures how a current table is best changed on Spark: Iceberg's MERGE, copy-on-write and merge-on-read,
beside the swap of files that the engine does. `make bench-merge` (ROWS=700000).

One table of the shape of `silver_fct_observation_value`; one row in a hundred is replaced, all over it. The
times are of a warm session; the scan afterwards is what every later reader pays. Refuses to judge.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from run import say

from healthlake.contracts.registry import TABLES
from healthlake.engine.spark import SPARK_TYPES, SparkEngine
from healthlake.engine.spark_session import open_lake, start_local
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout

TABLE = TABLES["silver_fct_observation_value"]
DAY = "DATE '2026-01-01'"


def rows(number: int, where: str = "TRUE") -> str:
    """A SELECT of that many rows: texts of 20 characters, few distinct values in every second column."""
    made = {
        "string": "concat('{name}-', lpad(CAST(id % {many} AS STRING), 8, '0'))",
        "double": "CAST(id AS DOUBLE) / 7",
        "date": DAY,
        "timestamp": "CAST(timestamp_micros(id * 1000000) AS TIMESTAMP_NTZ)",
        "boolean": "id % 2 = 0",
    }
    columns = []
    for place, column in enumerate(TABLE):
        many = number if place % 2 else 50
        kind = SPARK_TYPES[column.type].simpleString()
        text = made.get(column.type.value, "id % {many}").format(name=column.name, many=many)
        text = "concat('o-', CAST(id AS STRING))" if column.name == "observation_id" else text
        text = "-1" if column.name == "component_index" else text
        columns.append(f"CAST({text} AS {kind}) AS {column.name}")
    return f"SELECT {', '.join(columns)} FROM range({number}) WHERE {where}"


def timed(step: Callable[[], object]) -> float:
    """Seconds of a step."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def by_merge(engine: SparkEngine, number: int, mode: str) -> tuple[float, float]:
    """Seconds of a MERGE in a mode, and of a scan afterwards."""
    name = f"glue_catalog.healthlake.merged_{mode.replace('-', '_')}"
    session = engine.session
    properties = f"'format-version' = '2', 'write.merge.mode' = '{mode}', 'write.distribution-mode' = 'none'"
    session.sql(
        f"CREATE TABLE {name} USING iceberg PARTITIONED BY (dt) TBLPROPERTIES ({properties})"
        f" AS {rows(number)}"
    )
    session.sql(rows(number, "id % 100 = 0")).createOrReplaceTempView("changed")
    taken = timed(
        lambda: session.sql(
            f"MERGE INTO {name} AS t USING changed AS c ON t.observation_id = c.observation_id"
            " AND t.component_index = c.component_index WHEN MATCHED THEN UPDATE SET *"
            " WHEN NOT MATCHED THEN INSERT *"
        )
    )
    scan = f"SELECT count(*), max(content_hash), sum(value_quantity) FROM {name}"
    return taken, timed(lambda: engine.rows(scan))


def by_swap(engine: SparkEngine, number: int) -> tuple[float, float]:
    """Seconds of the engine's merge, and of a scan afterwards."""
    ids = "SELECT observation_id FROM (" + "{}" + ") AS r"
    for where in ("TRUE", "id % 100 = 0"):
        touched = rows(number, where)
        engine.store("touched_ids", ids.format(touched))
        engine.define(
            "new_rows", touched.replace("'obs_display-'", "'changed-'") if where != "TRUE" else touched
        )
        taken = timed(
            lambda: engine.merge(
                TABLE, ["observation_id"], "touched_ids", "new_rows", {}, lambda relation: None
            )
        )
    engine.read(TABLE)
    scan = f"SELECT count(*), max(content_hash), sum(value_quantity) FROM {TABLE.name}"
    return taken, timed(lambda: engine.rows(scan))


def main() -> None:
    """Measures the three ways."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=int(os.environ.get("ROWS", 700_000)))
    number = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        layout = LakeLayout(Path(folder))
        catalog = LakeCatalog(layout, "healthlake")
        spark = start_local(scratch=Path(folder))
        with SparkEngine(open_lake(spark, layout), catalog) as engine:
            catalog.version(TABLE)
            found = {
                "MERGE, copy-on-write": by_merge(engine, number, "copy-on-write"),
                "MERGE, merge-on-read": by_merge(engine, number, "merge-on-read"),
                "swap of files, copy-on-write": by_swap(engine, number),
            }
        spark.stop()
    say(f"{number:,} rows, {number // 100:,} of them replaced{'':<10}{'merge s':>9}{'scan s':>9}")
    for name, (merge, scan) in found.items():
        say(f"  {name:<42}{merge:>9.2f}{scan:>9.2f}")


if __name__ == "__main__":
    main()
