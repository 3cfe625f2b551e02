"""Generated histories against the reference model: every row of every silver table after every step, and the
dashboard of every day at the end. HEALTHLAKE_HISTORIES says how many (500; `make test-histories` 20,000)."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.model.batch import batch, difference
from tests.model.shrink import smallest
from tests.world import World

HISTORIES = int(os.environ.get("HEALTHLAKE_HISTORIES", "500"))
AT_ONCE, STEPS = 125, 8
"""A day costs 0.4 s however small it is, so a lake takes many histories."""


@contextmanager
def duckdb_world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, World(Path(folder) / "lake", in_memory=True) as made:
        yield made


@pytest.mark.parametrize("seed", range(math.ceil(HISTORIES / AT_ONCE)))
def test_every_table_is_what_the_reference_model_predicts_after_every_step(seed: int) -> None:
    tried = batch(seed, min(AT_ONCE, HISTORIES), STEPS)
    if difference(tried, duckdb_world) is None:
        return
    least = smallest(tried, lambda some: difference(some, duckdb_world) is not None)
    pytest.fail(f"batch {seed}: {difference(least, duckdb_world)}\n{least}")
