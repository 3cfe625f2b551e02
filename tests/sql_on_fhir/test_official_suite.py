"""The official SQL on FHIR v2 suite on both engines, and the reports that are made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import REPOSITORY
from tests.sql_on_fhir import official
from tests.sql_on_fhir.engines import ask_duckdb, ask_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASES = official.cases()
pytestmark = pytest.mark.skipif(not CASES, reason=f"the suite isn't in {official.FOLDER}")
Complaints = Sequence[str | None]


@pytest.fixture(scope="module")
def duckdb_complaints() -> Complaints:
    return official.complaints("duckdb", ask_duckdb)


@pytest.fixture(scope="module")
def spark_complaints(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Complaints:
    folder = tmp_path_factory.mktemp("official")
    return official.complaints("spark", lambda questions: ask_spark(spark.newSession(), questions, folder))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c.file}: {c.name}" for c in CASES])
def test_a_case_gives_on_duckdb_what_the_suite_expects(duckdb_complaints: Complaints, number: int) -> None:
    assert duckdb_complaints[number] is None


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c.file}: {c.name}" for c in CASES])
def test_a_case_gives_on_spark_what_the_suite_expects(spark_complaints: Complaints, number: int) -> None:
    assert spark_complaints[number] is None


def test_the_suite_is_whole() -> None:
    assert len(official.FILES) == 22
    assert len(CASES) == 134


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_the_committed_report_is_what_the_suite_gives(dialect: str, request: pytest.FixtureRequest) -> None:
    found: Complaints = request.getfixturevalue(f"{dialect}_complaints")
    committed: Any = json.loads((REPOSITORY / "docs" / "sql_on_fhir" / f"{dialect}.json").read_text("utf-8"))
    assert committed == official.report(found), "run make sql-on-fhir-report"


def test_a_report_says_of_a_case_that_fails_what_is_wrong() -> None:
    first, *_ = official.report(["an error: True", *[None] * (len(CASES) - 1)]).values()
    assert first["tests"][0]["result"] == {"passed": False, "error": "an error: True"}
    assert first["tests"][1]["result"] == {"passed": True}
