"""Asks both engines many views at once. The compiler itself imports no engine.

On Spark a query costs tenths of seconds however little it reads, so views are joined into a few queries; rows
travel as JSON and are read by the types that the compiled view states, which are compared with Spark's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from healthlake.sql_on_fhir import CompiledView, compile_view

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POSITION, VIOLATIONS = "_position", "_violations"
_PER_QUERY = 10

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A view and the JSON texts that it is asked of."""

    view: Mapping[str, Any]
    texts: tuple[str, ...]

    def select(self, compiled: CompiledView, number: int) -> str:
        source = f"(SELECT position AS {POSITION}, resource FROM resources WHERE question = {number})"
        return compiled.select(source, "resource", [POSITION], VIOLATIONS)


def ask_duckdb(questions: Sequence[Question]) -> list[list[Row]]:
    """The rows of each question, in the order of its texts. Each has the position of its text and what it
    violates."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        table = _table(questions)
        connection.register("resources", table)
        return [list(_on_duckdb(connection, question, n)) for n, question in enumerate(questions)]


def _on_duckdb(connection: duckdb.DuckDBPyConnection, question: Question, number: int) -> Iterator[Row]:
    compiled = compile_view(question.view, "duckdb")
    result = connection.execute(question.select(compiled, number))
    types = {str(name): str(type_) for name, type_, *_ in result.description}
    assert types == _types(compiled, "BIGINT", "VARCHAR[]")
    rows = [dict(zip(types, row, strict=True)) for row in result.fetchall()]
    yield from sorted(rows, key=lambda row: int(row[POSITION]))


def ask_spark(session: SparkSession, questions: Sequence[Question], folder: Path) -> list[list[Row]]:
    """The same on Spark; `folder` is for the texts."""
    path = folder / "resources.parquet"
    # A table of Python's values would be evaluated while planning, not by the code that Spark generates.
    pq.write_table(_table(questions), path)
    session.read.parquet(str(path)).createOrReplaceTempView("resources")
    compiled = [compile_view(question.view, "spark") for question in questions]
    branches = [
        f"SELECT {number} AS question, typeof(struct(*)) AS types,"
        f" to_json(struct(*), map('ignoreNullFields', 'false')) AS row"
        f" FROM ({question.select(view, number)})"
        for number, (question, view) in enumerate(zip(questions, compiled, strict=True))
    ]
    starts = range(0, len(branches), _PER_QUERY)
    queries = ["\nUNION ALL\n".join(branches[at : at + _PER_QUERY]) for at in starts]
    rows: list[list[Row]] = [[] for _ in questions]
    with ThreadPoolExecutor(2) as pool:
        for answer in pool.map(lambda query: session.sql(query).collect(), queries):
            for number, types, row in answer:
                assert types == _struct(_types(compiled[number], "bigint", "ARRAY<STRING>"))
                rows[number].append(_read(json.loads(row, parse_float=Decimal), compiled[number]))
    return [sorted(some, key=lambda row: int(row[POSITION])) for some in rows]


def comparable(rows: Sequence[Row]) -> list[list[tuple[str, Any]]]:
    """Rows as values that are equal only where types are too."""
    return [[(name, _comparable(value)) for name, value in row.items()] for row in rows]


def _comparable(value: Any) -> Any:
    match value:
        case list():
            return [_comparable(item) for item in value]
        case float():
            return "double", value.hex()
        case Decimal():
            return "decimal", value
        case bool() | int():
            return type(value).__name__, value
        case _:
            return value


def _table(questions: Sequence[Question]) -> pa.Table:
    rows = [(n, at, text) for n, question in enumerate(questions) for at, text in enumerate(question.texts)]
    schema = pa.schema([("question", pa.int32()), ("position", pa.int64()), ("resource", pa.string())])
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table([list(column) for column in columns], schema=schema)


def _types(compiled: CompiledView, position: str, violations: str) -> dict[str, str]:
    columns = {column.name: column.sql_type for column in compiled.columns}
    return {POSITION: position, **columns, VIOLATIONS: violations}


def _struct(types: Mapping[str, str]) -> str:
    fields = (f"{name}:{type_.lower()}" for name, type_ in types.items())
    return f"struct<{','.join(fields)}>"


def _read(row: Row, compiled: CompiledView) -> Row:
    read = {POSITION: row[POSITION]}
    for column in compiled.columns:
        value = row[column.name]
        kind = column.sql_type.removeprefix("ARRAY<").removesuffix(">")
        read[column.name] = [_value(v, kind) for v in value] if column.collection else _value(value, kind)
    return {**read, VIOLATIONS: row[VIOLATIONS]}


def _value(value: Any, sql_type: str) -> Any:
    if value is None:
        return None
    if sql_type == "DOUBLE":
        return float(value)
    return Decimal(value) if sql_type.startswith("DECIMAL") else value
