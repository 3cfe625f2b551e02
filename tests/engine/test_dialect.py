"""SQL of one day is transpiled once for all days, and reads as if it had been transpiled for each."""

from __future__ import annotations

import pytest

from healthlake.engine.dialect import parse, to_duckdb

TEXTS = [
    "SELECT DATE '2026-01-31' AS dt, CAST('2026-01-30' AS DATE) AS d FROM t WHERE dt <= DATE '2026-01-31'",
    "SELECT '2026-02-01' AS text, '9000-01-01' AS far FROM t",
    "SELECT DATE '2026-01-31', DATE '9001-01-01', DATE '2026-02-01'",
    "SELECT concat('a', '2026-01-31', 'it''s') FROM t",
    "SELECT 1",
]


@pytest.mark.parametrize("sql", TEXTS)
@pytest.mark.parametrize("dialect", ["spark", "athena"])
def test_a_day_that_stands_in_for_others_leaves_no_trace(sql: str, dialect: str) -> None:
    for day in ("2026-01-31", "2025-12-01"):
        asked = sql.replace("2026-01-31", day)
        assert to_duckdb(asked, dialect) == parse(asked, dialect).sql(dialect="duckdb")
