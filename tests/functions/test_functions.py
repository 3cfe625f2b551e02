"""Every named function answers the shared vectors on both engines, and both agree on texts that no vector
has."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthlake.functions import definitions, meanings
from tests.functions.engines import Arguments, ask_duckdb, ask_spark, call, open_duckdb, open_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VECTORS = json.loads(resources.files("healthlake").joinpath("functions", "vectors.json").read_text("utf-8"))
LONG: dict[str, list[tuple[Arguments, str | None]]] = {
    "fhir_instant": [
        (["2026-01-01T10:00:00Z" + "x" * 100_000], None),
        (["2026-01-01T10:00:00." + "1" * 100_000 + "Z"], "2026-01-01 10:00:00.111111"),
    ],
    "fhir_date": [(["1" * 100_000], None), (["2026-01-31T" + "x" * 100_000], "2026-01-31")],
    "fhir_precision": [(["2" * 100_000], None), (["2026-01-31T" + "1" * 100_000], "time")],
    "reference_id": [(["Patient/" + "a" * 100_000, "Patient"], "a" * 100_000)],
    "reference_identifier": [(["Location?identifier=" + "x|" * 50_000, "Location"], None)],
    "resolve_reference": [(["a" * 100_000, '{"a": "b"}'], "a" * 100_000)],
}
Ask = Callable[[list[str], list[Arguments]], Any]

DATE_LIKE = st.one_of(
    st.from_regex(r"[0-9]{4}(-[0-1][0-9](-[0-3][0-9])?)?", fullmatch=True),
    st.from_regex(
        r"(000[01]|1582|19[0-9]{2}|2[0-9]{3}|9999)-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{1,12})?(Z|[+-](0[0-9]|1[0-4]):[0-6][0-9])?",
        fullmatch=True,
    ),
    st.text(alphabet="0123456789-:.+TtZz \n\r\u2028\u0662\U0001f600", max_size=32),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.none(),
)


@pytest.fixture(scope="module")
def ask_both(spark: SparkSession) -> dict[str, Ask]:
    connection, session = open_duckdb(), open_spark(spark)
    return {
        "duckdb": lambda calls, rows: ask_duckdb(connection, calls, rows),
        "spark": lambda calls, rows: ask_spark(session, calls, rows),
    }


@pytest.mark.parametrize("function", sorted(VECTORS))
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_a_function_answers_its_vectors(engine: str, function: str, ask_both: dict[str, Ask]) -> None:
    vectors = [*VECTORS[function], *LONG.get(function, [])]
    arguments = [given for given, _ in vectors]
    answers = ask_both[engine]([call(function, len(arguments[0]))], arguments)
    found = [None if value is None else str(value) for (value,) in answers]
    wrong = [
        (vector[0], answer) for vector, answer in zip(vectors, found, strict=True) if answer != vector[1]
    ]
    assert wrong == []


def test_every_function_has_vectors_and_a_body_of_one_meaning_per_engine() -> None:
    assert meanings("duckdb") == meanings("spark")
    assert meanings().keys() == VECTORS.keys()
    assert len(definitions("duckdb")) == len(definitions("spark")) == len(VECTORS)


@settings(
    max_examples=6,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.large_base_example,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(texts=st.lists(DATE_LIKE, min_size=250))
def test_engines_agree_on_any_text_that_looks_like_a_date(
    texts: list[str | None], ask_both: dict[str, Ask]
) -> None:
    calls = [call(function, 1) for function in ("fhir_instant", "fhir_date", "fhir_precision")]
    rows: list[Arguments] = [[text] for text in texts]
    by_duckdb, by_spark = (ask_both[engine](calls, rows) for engine in ("duckdb", "spark"))
    assert [row for row in zip(texts, by_duckdb, by_spark, strict=True) if row[1] != row[2]] == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT {i} AS x FROM given WHERE {i} IS NOT NULL",
        "SELECT max({i}) FROM given GROUP BY {p} HAVING count({d}) > 0",
        "SELECT {i}, {d}, {p}, start_of_day({d}) FROM given",
        "SELECT max({i}) OVER (PARTITION BY {p} ORDER BY start_of_day({d}) RANGE BETWEEN UNBOUNDED PRECEDING"
        " AND CURRENT ROW) FROM given",
        "SELECT row_number() OVER (PARTITION BY a0 ORDER BY {i} DESC) FROM given",
        "SELECT l.a0 FROM given AS l INNER JOIN given AS r ON {d} = CAST(r.a0 AS DATE)",
        "SELECT coalesce({i}, start_of_day({d})), fhir_precision(CAST({d} AS STRING)) FROM given",
        "SELECT reference_id(resolve_reference(a0, NULL), 'Patient') FROM given",
        "SELECT (SELECT max({i}) FROM given)",
        "SELECT {i} FROM given UNION ALL SELECT start_of_day({d}) FROM given",
        "SELECT inline(array(named_struct('x', 1))), {i} AS y FROM given",
    ],
)
def test_spark_takes_a_function_wherever_it_is_used(sql: str, spark: SparkSession) -> None:
    session = open_spark(spark)
    session.createDataFrame([("2026-01-01",)], "a0 STRING").createOrReplaceTempView("given")
    text = "l.a0" if " AS l " in sql else "a0"
    named = {"i": "fhir_instant", "d": "fhir_date", "p": "fhir_precision"}
    rows = session.sql(sql.format(**{key: f"{name}({text})" for key, name in named.items()})).collect()
    assert len(rows) == (0 if "WHERE" in sql else 2 if "UNION" in sql else 1)


def test_spark_inlines_a_function(spark: SparkSession) -> None:
    session = open_spark(spark)
    (plan,) = session.sql("EXPLAIN SELECT fhir_instant(CAST(id AS STRING)) FROM range(9)").collect()[0]
    assert "RLIKE" in plan
    assert "fhir_instant" not in plan.replace("AS fhir_instant", "")
