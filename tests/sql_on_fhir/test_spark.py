"""What only Spark has to keep: one parse, the session's settings, names and literals of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from healthlake.sql_on_fhir import compile_view
from tests.sql_on_fhir.conftest import one_column

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAMES = ["_vr", "_v1", "_v2", "_vi", "__v1", "select", "odd `name`", "Ünï"]


def plan(session: SparkSession, sql: str) -> str:
    return str(session.sql(f"EXPLAIN {sql}").collect()[0][0])


@pytest.fixture
def session(spark: SparkSession) -> SparkSession:
    """A session that has a table `resources` with one Patient in it."""
    made = spark.newSession()
    name = [{"use": "official", "given": [None, "x"], "family": "${a}"}]
    resource = json.dumps({"resourceType": "Patient", "id": "p", "name": name})
    made.createDataFrame([(0, resource)], "position INT, resource STRING").createOrReplaceTempView(
        "resources"
    )
    return made


@pytest.mark.parametrize(
    "outer", ["{}", "SELECT * FROM ({}) WHERE id = 'p' AND n > 0", "SELECT count(*) FROM ({})"]
)
def test_a_text_is_parsed_once(session: SparkSession, outer: str, tmp_path: Any) -> None:
    session.table("resources").write.parquet(str(tmp_path / "resources"))
    columns = [
        {"name": "id", "path": "id"},
        {"name": "given", "path": "name.given"},
        {"name": "family", "path": "name.where(use = 'official').family"},
    ]
    below = {
        "forEach": "name",
        "column": [{"name": "n", "path": "%rowIndex"}, {"name": "f", "path": "family"}],
    }
    view = {"resource": "Patient", "select": [{"column": columns}, below]}
    select = compile_view(view, "spark").select(f"parquet.`{tmp_path}/resources`", "resource", [], "bad")
    assert plan(session, outer.format(select)).count("from_json") == 1


def test_no_carried_name_collides_with_a_name_in_the_sql(session: SparkSession) -> None:
    select = {"forEach": "name.where(use = 'official')", "column": [{"name": "g", "path": "given.first()"}]}
    quoted = ", ".join(f"position AS `{name.replace('`', '``')}`" for name in NAMES)
    source = f"(SELECT {quoted}, resource AS `the JSON` FROM resources)"
    sql = compile_view({"resource": "Patient", "select": [select]}, "spark").select(source, "the JSON", NAMES)
    (row,) = session.sql(sql).collect()
    assert row.asDict() == {**dict.fromkeys(NAMES, 0), "g": "x"}


def test_what_looks_like_a_variable_of_the_session_is_text(session: SparkSession) -> None:
    session.conf.set("a", "replaced")
    view = one_column("name.where(family = '${a}').family + '${a}'")
    assert [
        tuple(row)
        for row in session.sql(compile_view(view, "spark").select("resources", "resource")).collect()
    ] == [("${a}${a}",)]


def test_nothing_is_read_but_what_the_view_uses() -> None:
    sql = compile_view(one_column("name.where(use = 'official').family"), "spark").select("t", "resource")
    shape = "STRUCT<`name`: ARRAY<STRUCT<`use`: STRING, `family`: STRING>>, `resourceType`: STRING>"
    assert f"'r {shape}, e INT'" in sql
