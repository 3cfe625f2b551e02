"""Both engines with the named functions, asked many questions in one query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from healthlake.functions import definitions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DATES = {"start_of_day": (0,), "age_in_years": (0, 1)}
"""Arguments that are dates; all others are text."""

Arguments = Sequence[str | None]


def open_duckdb() -> duckdb.DuckDBPyConnection:
    """In a zone other than UTC: no answer may depend on it."""
    made = duckdb.connect()
    made.execute("SET TimeZone = 'America/New_York'")
    for statement in definitions("duckdb"):
        made.execute(statement)
    return made


def open_spark(spark: SparkSession) -> SparkSession:
    session = spark.newSession()
    for statement in definitions("spark"):
        session.sql(statement)
    return session


def call(function: str, count: int) -> str:
    """A call with the columns a0, a1, … of text as its arguments."""
    dates = DATES.get(function, ())
    return f"{function}({', '.join(f'CAST(a{n} AS DATE)' if n in dates else f'a{n}' for n in range(count))})"


def ask_duckdb(connection: duckdb.DuckDBPyConnection, calls: Sequence[str], rows: Sequence[Arguments]) -> Any:
    """The answers of `calls` for each row of arguments, in order."""
    width = len(rows[0])
    names = ", ".join(f"a{n}" for n in range(width))
    columns = ", ".join(f"unnest(CAST(? AS VARCHAR[])) AS a{n}" for n in range(width))
    values = [[row[n] for row in rows] for n in range(width)]
    return connection.execute(
        f"SELECT {', '.join(calls)} FROM (SELECT {columns}, unnest(range({len(rows)})) AS i)"
        f" AS given({names}, i) ORDER BY i",
        values,
    ).fetchall()


def ask_spark(session: SparkSession, calls: Sequence[str], rows: Sequence[Arguments]) -> Any:
    names = [f"a{n}" for n in range(len(rows[0]))]
    schema = ", ".join(("i INT", *(f"{name} STRING" for name in names)))
    session.createDataFrame([(i, *row) for i, row in enumerate(rows)], schema).createOrReplaceTempView(
        "given"
    )
    return [tuple(row) for row in session.sql(f"SELECT {', '.join(calls)} FROM given ORDER BY i").collect()]
