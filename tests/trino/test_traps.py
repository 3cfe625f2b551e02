"""What Trino answers otherwise than DuckDB: seen on both, and refused by the linter with reason and
replacement.

A trap that a new version no longer has fails here, and its rule can go.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from healthlake.engine.dialect import to_duckdb
from healthlake.errors import EngineError
from healthlake.lake.catalog_store import catalog_store
from healthlake.portable_sql import lint
from tests.trino.conftest import Lane

TRAPS = {
    "date_diff": (
        "SELECT date_diff('year', DATE '1990-12-31', DATE '2024-06-01')",
        "SELECT date_diff('month', DATE '2024-01-31', DATE '2024-02-01')",
    ),
    "division": ("SELECT 7 / 2", "SELECT 1 / 0", "SELECT DECIMAL '1.0' / 3"),
    "date_as_text": ("SELECT DATE '2024-01-01' = '2024-01-01'",),
    "text_and_number": ("SELECT 'a' || 1",),
    "approximate": ("SELECT approx_percentile(x, 0.5) FROM (VALUES 1, 3, 7, 9) AS v (x)",),
    "offset": ("SELECT x FROM (VALUES 1) AS v (x) ORDER BY x LIMIT 1 OFFSET 0",),
    "json": ("SELECT json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a')",),
    "unknown_function": ("SELECT format_datetime(TIMESTAMP '2024-01-01 00:00:00', 'YYYY')",),
    "subscript": ("SELECT ARRAY[1, 2][3]",),
    "substring": ("SELECT substr('abc', 0, 2)",),
    "sized_text": ("SELECT CAST('a ' AS CHAR(3)) = 'a'",),
}


@pytest.mark.parametrize(("rule", "sql"), [(rule, sql) for rule, texts in TRAPS.items() for sql in texts])
def test_a_trap_is_one_and_the_linter_names_the_way_out(rule: str, sql: str, lane: Lane) -> None:
    assert asked_trino(lane, sql) != asked_duckdb(sql)
    found = {each.rule.name: each.rule for each in lint(sql, "athena", own=True)}
    assert rule in found
    assert found[rule].why and found[rule].instead


def test_a_merge_of_ones_own_is_refused_whose_source_may_match_a_row_twice(lane: Lane) -> None:
    catalog = lane.catalog
    opened = catalog_store(catalog.layout, catalog.database).open()
    place = f"{catalog.layout.root}/twice"
    opened.create_table(("healthlake", "twice"), pa.schema([("x", pa.int32())]), location=place)
    session = lane.session()
    session.rows("INSERT INTO twice VALUES 1", what="filling")
    sql = (
        "MERGE INTO twice AS t USING (SELECT 1 AS x UNION ALL SELECT 1) AS s ON t.x = s.x"
        " WHEN MATCHED THEN UPDATE SET x = s.x"
    )
    with pytest.raises(EngineError, match="MERGE_TARGET_ROW_MULTIPLE_MATCHES"):
        session.rows(sql, what="merging")
    assert [each.rule.name for each in lint(sql, "athena", own=True)] == ["statement"]


def asked_trino(lane: Lane, sql: str) -> Any:
    """The answer, or that there is none."""
    try:
        return lane.session().rows(sql, what="asking")
    except EngineError:
        return "error"


def asked_duckdb(sql: str) -> Any:
    text = to_duckdb(sql, "athena")
    try:
        with duckdb.connect() as connection:
            return connection.execute(text).fetchall()
    except duckdb.Error:
        return "error" if "format_datetime" not in sql else "no such function"
