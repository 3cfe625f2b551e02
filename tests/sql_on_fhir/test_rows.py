"""Which rows a view gives, and what is carried with them."""

from __future__ import annotations

from typing import Any

import pytest

from healthlake.sql_on_fhir import ViewDefinitionError, compile_view
from healthlake.sql_on_fhir.repeat import DEPTH
from tests.sql_on_fhir.conftest import Views, one_column


def test_each_row_keeps_the_carried_columns_of_its_source(views: Views) -> None:
    view = {
        "resource": "Patient",
        "select": [{"forEach": "name", "column": [{"name": "f", "path": "family"}]}],
    }
    names = [{"family": "a"}, {"family": "b"}]
    views.load([{"resourceType": "Patient"}, {"resourceType": "Patient", "name": names}])
    sql = compile_view(view, "duckdb").select("resources", "resource", ["position", "resource"])
    rows = views.query(sql)
    assert [*rows[0]] == ["position", "resource", "f"]
    assert [(row["position"], row["f"]) for row in rows] == [(1, "a"), (1, "b")]


@pytest.mark.parametrize("name", ["_vr", "_v1", "_v2", "_vi", "__v1", "select", 'odd "name"', "Ünï"])
def test_no_carried_name_collides_with_a_name_in_the_sql(views: Views, name: str) -> None:
    select = {"forEach": "name.where(use = 'official')", "column": [{"name": "g", "path": "given.first()"}]}
    resource = {"resourceType": "Patient", "name": [{"use": "official", "given": [None, "x"]}]}
    views.load([resource])
    quoted = name.replace('"', '""')
    source = f'(SELECT position AS "{quoted}", resource AS "the JSON" FROM resources)'
    sql = compile_view({"resource": "Patient", "select": [select]}, "duckdb").select(
        source, "the JSON", [name]
    )
    assert views.query(sql) == [{name: 0, "g": "x"}]


def test_a_carried_column_may_not_be_named_like_a_column_of_the_view() -> None:
    compiled = compile_view(one_column("id"), "duckdb")
    with pytest.raises(
        ViewDefinitionError, match="view 'tested', column 'value': a carried column has this name"
    ):
        compiled.select("t", "resource", ["VALUE"])
    with pytest.raises(ViewDefinitionError, match="carried twice"):
        compiled.select("t", "resource", ["a", "A"])


def test_a_filter_on_the_view_parses_no_text_twice(views: Views) -> None:
    def plan(sql: str) -> str:
        return str(views.query(f"EXPLAIN SELECT * FROM ({sql}) WHERE value = 'p'")[0]["explain_value"])

    views.load([{"resourceType": "Patient", "id": "p"}])
    # DuckDB's plan shows an expression where it filters; what a projection computes has only its name there.
    parsed = """SELECT from_json(resource, '{"id":"VARCHAR"}') AS r FROM resources"""
    assert "from_json" in plan(f"SELECT r['id'] AS value FROM ({parsed})")
    assert "from_json" not in plan(compile_view(one_column("id"), "duckdb").select("resources", "resource"))


def test_row_index_starts_at_0_for_each_parent(views: Views) -> None:
    view = {
        "resource": "Observation",
        "select": [
            {
                "unionAll": [
                    {"column": [{"name": "i", "path": "-1"}, {"name": "s", "path": "value.ofType(string)"}]},
                    {
                        "forEach": "component",
                        "column": [
                            {"name": "i", "path": "%rowIndex"},
                            {"name": "s", "path": "value.ofType(string)"},
                        ],
                    },
                ]
            }
        ],
    }
    components = [{"valueString": "a"}, {"valueString": "b"}]
    resources = [
        {"resourceType": "Observation", "component": components},
        {"resourceType": "Observation", "valueString": "c"},
    ]
    rows = [(row["i"], row["s"]) for row in views.rows(view, resources)]
    assert rows == [(-1, None), (0, "a"), (1, "b"), (-1, "c")]


def test_for_each_over_a_single_element_gives_one_row_or_none(views: Views) -> None:
    def view(key: str) -> dict[str, Any]:
        column = [{"name": "i", "path": "%rowIndex"}, {"name": "t", "path": "text"}]
        return {"resource": "Patient", "select": [{key: "maritalStatus", "column": column}]}

    resources = [{"resourceType": "Patient", "maritalStatus": {"text": "m"}}, {"resourceType": "Patient"}]
    assert views.rows(view("forEach"), resources) == [{"i": 0, "t": "m"}]
    assert views.rows(view("forEachOrNull"), resources) == [{"i": 0, "t": "m"}, {"i": 0, "t": None}]


def test_for_each_over_the_filtered_resource_gives_its_row_where_the_filter_holds(views: Views) -> None:
    select = {
        "forEach": "where(active)",
        "column": [{"name": "id", "path": "id"}, {"name": "g", "path": "gender"}],
    }
    resources = [
        {"resourceType": "Patient", "id": str(n), "active": active} for n, active in enumerate([True, False])
    ]
    assert views.rows({"resource": "Patient", "select": [select]}, resources) == [{"id": "0", "g": None}]


def test_two_lists_side_by_side_multiply(views: Views) -> None:
    selects = [
        {"forEach": "name", "column": [{"name": "f", "path": "family"}]},
        {"column": [{"name": "id", "path": "id"}]},
        {"forEach": "telecom", "column": [{"name": "n", "path": "%rowIndex"}]},
    ]
    resource = {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"family": "a"}, {"family": "b"}],
        "telecom": [{}, {}],
    }
    rows = views.rows({"resource": "Patient", "select": selects}, [resource])
    assert [tuple(row.values()) for row in rows] == [
        ("a", "p", 0),
        ("a", "p", 1),
        ("b", "p", 0),
        ("b", "p", 1),
    ]


def nested(depth: int) -> dict[str, Any]:
    item: dict[str, Any] = {"linkId": str(depth)}
    for level in reversed(range(depth)):
        item = {"linkId": str(level), "item": [item]}
    return {"resourceType": "Questionnaire", "item": [item, {"linkId": "last"}]}


REPEAT = {
    "resource": "Questionnaire",
    "select": [
        {"repeat": ["item"], "column": [{"name": "i", "path": "%rowIndex"}, {"name": "id", "path": "linkId"}]}
    ],
}


def test_repeat_walks_down_in_document_order(views: Views) -> None:
    rows = views.rows(REPEAT, [nested(DEPTH)])
    assert [row["id"] for row in rows] == [*map(str, range(DEPTH + 1)), "last"]
    assert [row["i"] for row in rows] == list(range(DEPTH + 2))


def test_what_is_repeated_can_also_be_read_as_an_object(views: Views) -> None:
    view = {
        "resource": "Questionnaire",
        "select": [
            {"column": [{"name": "top", "path": "item.linkId", "collection": True}]},
            {"repeat": ["item"], "column": [{"name": "below", "path": "item.linkId.join()"}]},
        ],
    }
    rows = views.rows(view, [nested(1)])
    assert rows == [{"top": ["0", "last"], "below": below} for below in ("1", "", "")]
