"""Every named function answers the shared vectors on DuckDB."""

from __future__ import annotations

import json
from importlib import resources

import duckdb
import pytest

FOLDER = resources.files("healthlake").joinpath("functions")
VECTORS = json.loads(FOLDER.joinpath("vectors.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute("SET TimeZone = 'America/New_York'")
    made.execute(FOLDER.joinpath("duckdb.sql").read_text("utf-8"))
    return made


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [(name, arguments, expected) for name, cases in VECTORS.items() for arguments, expected in cases],
)
def test_a_function_answers_its_vector(
    connection: duckdb.DuckDBPyConnection, function: str, arguments: list[str | None], expected: object
) -> None:
    marks = ", ".join("CAST(? AS VARCHAR)" for _ in arguments)
    found = connection.execute(f"SELECT {function}({marks})", arguments).fetchone()[0]
    assert (None if found is None else str(found)) == expected
