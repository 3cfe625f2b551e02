"""What the tests of this folder expect of DuckDB holds on Spark too: the same views give the same rows.

Runs last; alone it has nothing to ask.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.sql_on_fhir.conftest import noted
from tests.sql_on_fhir.engines import ask_duckdb, ask_spark, comparable


def test_views_that_ran_on_duckdb_give_the_same_rows_on_spark(spark: SparkSession, tmp_path: Path) -> None:
    questions = noted()
    if not questions:
        pytest.skip("no test of this folder ran before")
    answers = zip(
        questions, ask_duckdb(questions), ask_spark(spark.newSession(), questions, tmp_path), strict=True
    )
    for question, on_duckdb, on_spark in answers:
        assert comparable(on_spark) == comparable(on_duckdb), question.view
