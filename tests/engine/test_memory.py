"""Rows that are long, as bronze's JSON is, are written in less memory than they take."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthlake.engine import duckdb
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import EngineError
from healthlake.lake.layout import LakeLayout
from tests.engine.test_publish_and_merge import DAILY
from tests.memory_catalog import MemoryCatalog
from tests.world import day

ROWS = 100_000
LONG_ROWS = f"""
    SELECT DATE '2026-01-01' AS dt, CAST(i AS INTEGER) AS id, 1::INTEGER AS part,
        repeat(md5(i::TEXT), 100) AS value
    FROM range({ROWS}) AS numbers(i)
"""
"""320 MB."""


def stage(lake: Path) -> int:
    with DuckDBEngine(MemoryCatalog(LakeLayout(lake)), memory_limit="200MB", threads=2) as engine:
        return engine.stage(DAILY, day(1), LONG_ROWS, dialect="duckdb").rows


def test_rows_longer_than_the_memory_limit_are_staged(lake: Path) -> None:
    assert stage(lake) == ROWS


def test_they_would_not_be_in_row_groups_of_duckdbs_own_size(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb, "_COPY_OPTIONS", "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1")
    with pytest.raises(EngineError, match=r"ran out of its memory limit.*HEALTHLAKE_MEMORY"):
        stage(lake)
