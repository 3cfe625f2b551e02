"""The gate of the dialects: views give the same rows on DuckDB and Spark, in values and in types.

Every difference is an emitter's fault, or a rule that the contract (`tree`) leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import Phase, given, settings

from healthlake.sql_on_fhir import compile_view
from tests.sql_on_fhir.engines import Question, Row, ask_duckdb, ask_spark, comparable
from tests.sql_on_fhir.generated import ITERATIONS, questions
from tests.sql_on_fhir.hand_picked import hand_picked

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VIEWS = 10
"""Of each kind of iteration."""


def generated() -> list[Question]:
    """What hypothesis makes, always the same."""
    found: list[Question] = []
    for kind in ITERATIONS:

        @settings(max_examples=VIEWS, phases=[Phase.generate], database=None)
        @given(questions(kind))
        def collect(question: Question) -> None:
            found.append(question)

        collect()
    return found


def _difference(question: Question, on_duckdb: Sequence[Row], on_spark: Sequence[Row]) -> str | None:
    found, expected = comparable(on_spark), comparable(on_duckdb)
    if found == expected:
        return None
    rows = [f"{len(found)} rows on Spark, {len(expected)} on DuckDB"]
    rows.extend(f"{e} on DuckDB, {f} on Spark" for e, f in zip(expected, found, strict=False) if e != f)
    return f"{question.view}: {rows[:3]}"


def test_all_views_give_the_same_rows_on_both_engines(spark: SparkSession, tmp_path: Path) -> None:
    asked = [*hand_picked(), *generated()]
    on_duckdb = ask_duckdb(asked)
    on_spark = ask_spark(spark.newSession(), asked, tmp_path)
    answers = zip(asked, on_duckdb, on_spark, strict=True)
    assert [d for question, one, other in answers if (d := _difference(question, one, other))] == []


def test_the_compared_views_use_every_part_of_a_view() -> None:
    asked = [*hand_picked(), *generated()]
    text = " ".join(str(question.view) for question in asked)
    parts = (
        *("forEach", "forEachOrNull", "unionAll", "repeat", "where", "collection", "ansi/type", "%rowIndex"),
        *("first()", "exists()", "empty()", ".not()", "extension(", "join(", "Boundary()", "ofType(", "[0]"),
        *(" + ", " - ", " * ", " / ", " = ", " != ", " < ", " > ", " and ", " or "),
    )
    assert [part for part in parts if part not in text] == []
    values = [value for rows in ask_duckdb(asked) for row in rows for value in list(row.values())[1:-1]]
    assert sum(value not in (None, []) for value in values) > len(values) / 3
    assert all(compile_view(question.view, "spark").columns for question in asked)
