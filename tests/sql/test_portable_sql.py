"""What means something else in another engine is refused with what to write instead; what is left, every
engine answers alike; the project's own SQL has none of it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import sqlglot
from pyspark.errors import PySparkException
from sqlglot import exp

from healthlake.engine.dialect import parse, to_duckdb
from healthlake.functions import names
from healthlake.portable_sql import RULES, Rule, findings, lint
from healthlake.portable_sql.allowed import FUNCTIONS
from tests.conftest import REPOSITORY
from tests.functions.engines import open_duckdb, open_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VECTORS = json.loads(
    resources.files("healthlake").joinpath("portable_sql", "vectors.json").read_text("utf-8")
)
RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
ANSWERED = [rule for rule in RULES if rule.answers]


def shown(value: Any) -> Any:
    """As vectors write it: JSON's own types as they are, the rest as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity"}.get(value, "NaN")
    return str(value) if isinstance(value, date | Decimal) else value


def _wrong(answers: tuple[Any, ...]) -> list[tuple[str, Any]]:
    # repr tells 1 from 1.0 and from True, and 0.0 from -0.0.
    return [
        (sql, answer)
        for (sql, expected), answer in zip(VECTORS, map(shown, answers), strict=True)
        if repr(answer) != repr(expected)
    ]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return open_duckdb()


@pytest.fixture(scope="module")
def session(spark: SparkSession) -> SparkSession:
    return open_spark(spark)


def test_duckdb_answers_every_construct_of_the_subset(connection: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"{sql} AS c{n}" for n, (sql, _) in enumerate(VECTORS))
    assert _wrong(connection.execute(to_duckdb(f"SELECT {columns}")).fetchone()) == []


def test_spark_answers_every_construct_of_the_subset(session: SparkSession) -> None:
    columns = ", ".join(f"{sql} AS c{n}" for n, (sql, _) in enumerate(VECTORS))
    assert _wrong(tuple(session.sql(f"SELECT {columns}").collect()[0])) == []


def test_every_vector_is_in_the_subset() -> None:
    assert [(sql, found) for sql, _ in VECTORS if (found := findings(f"SELECT {sql} AS x", "spark"))] == []


def test_every_allowed_function_has_a_vector() -> None:
    trees = [parse(f"SELECT {sql} AS x", "spark") for sql, _ in VECTORS]
    seen = {type(node) for tree in trees for node in tree.find_all(exp.Func)}
    assert FUNCTIONS.keys() - seen == set()


@RULE
def test_a_rule_finds_its_example(rule: Rule) -> None:
    found = [each for each in lint(rule.example, rule.dialect, own=True) if each.rule is rule]
    assert found
    assert "Write " in str(found[0])


@RULE
def test_what_a_rule_says_to_write_passes(rule: Rule) -> None:
    assert lint(rule.passes, rule.dialect, own=rule.own_only) == []


@RULE
def test_a_rule_for_the_projects_own_sql_is_not_held_against_a_user(rule: Rule) -> None:
    is_found = any(each.rule is rule for each in lint(rule.example, rule.dialect, own=False))
    assert is_found is not rule.own_only


@pytest.mark.parametrize("rule", ANSWERED, ids=lambda rule: rule.name)
def test_engines_answer_a_refused_example_as_its_rule_says(
    rule: Rule, connection: duckdb.DuckDBPyConnection, session: SparkSession
) -> None:
    found = {"DuckDB": _duckdb(connection, to_duckdb(rule.example, rule.dialect))}
    if "Spark" in rule.answers:
        is_native = rule.dialect == "spark"
        native = sqlglot.transpile(rule.example, read=rule.dialect, write="spark")[0]
        found["Spark"] = _spark(session, rule.example if is_native else native)
    assert found == {engine: answer for engine, answer in rule.answers.items() if engine != "Athena"}
    assert len(set(rule.answers.values())) > 1


def _duckdb(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        (value,) = connection.execute(sql).fetchone()
    except duckdb.Error:
        return "error"
    return "NULL" if value is None else str(value)


def _spark(session: SparkSession, sql: str) -> str:
    try:
        (value,) = session.sql(sql).collect()[0]
    except PySparkException:
        return "error"
    return "NULL" if value is None else str(value)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT sum(value) / count(*) FROM gold_population_summary", "division"),
        ("SELECT date_diff('year', DATE '1990-12-31', DATE '2024-06-01')", "date_diff"),
        ("SELECT approx_distinct(patient_id) FROM silver_dim_patient", "approximate"),
        ("SELECT patient_id FROM silver_dim_patient WHERE birth_date > '1990-01-01'", "date_as_text"),
        ("SELECT patient_id FROM silver_dim_patient WHERE birth_date IN ('1990-01-01')", "date_as_text"),
        ("SELECT CAST(obs_datetime_text AS DATE) FROM silver_fct_observation", "text_to_date"),
        ("SELECT date(obs_datetime_text) FROM silver_fct_observation", "text_to_date"),
        ("SELECT concat(patient_id, n_collapsed) FROM silver_fct_observation", "text_and_number"),
        ("SELECT greatest(birth_date, dt) FROM silver_dim_patient", "greatest"),
        ("SELECT regexp_like(patient_id, '^a.*$') FROM silver_dim_patient", "regex"),
        ("SELECT listagg(patient_id, ',') FROM silver_dim_patient", "array_without_order"),
    ],
)
def test_a_users_sql_is_refused_for_what_engines_answer_differently(sql: str, found: str) -> None:
    (finding,) = findings(sql)
    assert finding.startswith(found)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(value) / CAST(nullif(count(*), 0) AS DOUBLE) FROM gold_population_summary",
        "SELECT 1 / nullif(CAST(value AS DOUBLE), 0) FROM gold_population_summary",
        "SELECT 'a / b'",
        "SELECT date_diff('day', DATE '2026-01-01', CAST(obs_datetime AS DATE)) FROM silver_fct_observation",
        "SELECT * FROM silver_dim_patient LIMIT 5",
        "SELECT lower(family_name), upper(gender), trim(gender), current_date FROM silver_dim_patient",
        "SELECT round(avg(value_number), 2) FROM silver_fct_observation",
        "SELECT date_trunc('month', obs_datetime), count(*) FROM silver_fct_observation GROUP BY 1",
        "SELECT date_trunc('month', birth_date), CAST(patient_id AS INTEGER) FROM silver_dim_patient",
        "SELECT CAST(obs_datetime AS DATE), date(obs_datetime) FROM silver_fct_observation",
        "SELECT day_of_week(dt), year(dt) FROM silver_fct_observation WHERE dt >= DATE '2026-01-01'",
        "SELECT dt AS birth_date FROM silver_dim_patient WHERE birth_date = 'x'",
        "SELECT greatest(dt, DATE '2026-01-01') FROM silver_dim_patient",
        "SELECT array_agg(gender ORDER BY patient_id) FROM silver_dim_patient",
        "SELECT regexp_like(patient_id, '^[a-z]+\\z') FROM silver_dim_patient",
    ],
)
def test_a_users_sql_is_not_refused_for_what_is_harmless(sql: str) -> None:
    assert findings(sql) == []


def test_a_finding_says_where_it_is_and_what_it_found() -> None:
    (found,) = lint("SELECT\n  gender,\n  7 / sum(2)\nFROM silver_dim_patient", "athena", own=False)
    assert (found.line, found.column, found.text) == (3, 3, "7 / SUM(2)")


def test_a_rule_that_finds_twice_is_said_once() -> None:
    assert [text.split()[0] for text in findings("SELECT 1 / 2, format('%s', 'a'), 3 / 4")] == [
        "division",
        "format",
    ]


def test_a_failing_cast_is_an_error_on_both_engines(
    connection: duckdb.DuckDBPyConnection, session: SparkSession
) -> None:
    sql = "SELECT CAST('x' AS DOUBLE) AS x"
    assert (_duckdb(connection, to_duckdb(sql)), _spark(session, sql)) == ("error", "error")


def _lint_script(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = str(REPOSITORY / "scripts" / "lint_sql.py")
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)  # noqa: S603


def test_the_projects_own_sql_has_no_finding() -> None:
    done = _lint_script()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("portable SQL: 1")
    assert done.stdout.endswith(" statements, 0 findings\n")


def test_lint_fails_where_golds_sql_has_one(tmp_path: Path) -> None:
    for path in (REPOSITORY / "sql").glob("*.sql"):
        text = path.read_text("utf-8").replace("count(*) AS value", "count(*) / 2 AS value")
        (tmp_path / path.name).write_text(text, "utf-8")
    done = _lint_script("--sql", str(tmp_path))
    assert done.returncode == 1
    assert "gold_population_summary.sql:" in done.stderr
    assert "division (COUNT(*) / 2) of integers" in done.stderr


def test_named_functions_are_known_to_the_linter() -> None:
    calls = ", ".join(f"{name}('a', 'b')" for name in sorted(names()))
    assert lint(f"SELECT {calls}", "spark", own=True) == []
