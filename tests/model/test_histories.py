"""Generated histories against the reference model: every row of every silver table after every step, and the
dashboard of every day at the end. HEALTHLAKE_HISTORIES says how many (500; `make test-histories` 20,000)."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.model.batch import Batch, Step, Worlds, batch, difference, histories
from tests.model.shrink import smallest
from tests.world import World

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HISTORIES = int(os.environ.get("HEALTHLAKE_HISTORIES", "500"))
AT_ONCE, STEPS = 125, 8
"""A day costs 0.4 s however small it is, so a lake takes many histories."""


SPARK_SCHEDULE = (Step((3, 1)), Step((4, 2, 3)))
"""A day costs seconds. Day 1 is not read again: what comes late for it stays unread, and is not expected."""


@contextmanager
def a_world(spark: SparkSession | None = None) -> Iterator[World]:
    with (
        tempfile.TemporaryDirectory() as folder,
        World(Path(folder) / "lake", in_memory=spark is None, spark=spark) as made,
    ):
        yield made


@pytest.mark.parametrize("seed", range(math.ceil(HISTORIES / AT_ONCE)))
def test_every_table_is_what_the_reference_model_predicts_after_every_step(seed: int) -> None:
    require_no_difference(batch(seed, min(AT_ONCE, HISTORIES), STEPS), a_world)


def test_spark_gives_what_the_reference_model_predicts(spark: SparkSession) -> None:
    tried = Batch(SPARK_SCHEDULE, histories("spark", 200, len(SPARK_SCHEDULE), most=4))
    require_no_difference(tried, lambda: a_world(spark))


def require_no_difference(tried: Batch, worlds: Worlds) -> None:
    """Fails with the smallest history that differs, which DuckDB is asked for: Spark takes minutes a try."""
    found = difference(tried, worlds)
    if found is None:
        return
    if difference(tried, a_world) is not None:
        tried = smallest(tried, lambda some: difference(some, a_world) is not None)
        found = difference(tried, a_world)
    pytest.fail(f"{found}\n{tried}")
