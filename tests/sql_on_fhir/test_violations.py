"""What a resource violates of a view: the value is NULL, and the row says so where it is asked to."""

from __future__ import annotations

from typing import Any

import pytest

from healthlake.sql_on_fhir import ViewDefinitionError, compile_view
from healthlake.sql_on_fhir.dialects import DIALECTS
from healthlake.sql_on_fhir.repeat import DEPTH
from tests.sql_on_fhir.conftest import Views, one_column
from tests.sql_on_fhir.test_rows import REPEAT, nested

TWO = {"resourceType": "Patient", "id": "two", "name": [{"family": "a"}, {"family": "b"}], "active": True}
ONE = {"resourceType": "Patient", "id": "one", "name": [{"family": "a", "given": ["c", "d"]}]}


def found(views: Views, view: dict[str, Any], *resources: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in views.rows(view, resources, "bad")]


def test_more_values_than_one_are_a_violation_and_the_value_is_null(views: Views) -> None:
    view = one_column("name.family")
    assert found(views, view, TWO, ONE) == [(None, ["column 'value': more than one value"]), ("a", [])]
    assert views.rows(view, [TWO, ONE]) == [{"value": None}, {"value": "a"}]


def test_the_violations_are_the_last_column_and_carried_ones_the_first(views: Views) -> None:
    views.load([TWO])
    compiled = compile_view(one_column("name.family"), "duckdb")
    (row,) = views.query(compiled.select("resources", "resource", ["position"], "odd name"))
    assert [*row] == ["position", "value", "odd name"]


@pytest.mark.parametrize("name", ["VALUE", "Position"])
def test_the_violations_may_not_be_named_like_another_column(name: str) -> None:
    with pytest.raises(ViewDefinitionError):
        compile_view(one_column("id"), "duckdb").select("t", "resource", ["position"], name)


def test_each_row_has_its_own_violations(views: Views) -> None:
    select = {"forEach": "name", "column": [{"name": "given", "path": "given"}]}
    resource = {"resourceType": "Patient", "name": [{"given": ["a"]}, {"given": ["b", "c"]}]}
    rows = found(views, {"resource": "Patient", "select": [select]}, resource)
    assert rows == [("a", []), (None, ["column 'given': more than one value"])]


def test_side_by_side_selects_join_their_violations(views: Views) -> None:
    selects = [
        {"column": [{"name": "family", "path": "name.family"}]},
        {"forEach": "name", "column": [{"name": "given", "path": "given"}]},
    ]
    resource = {"resourceType": "Patient", "name": [{"family": "a", "given": ["b", "c"]}, {"family": "d"}]}
    family = "column 'family': more than one value"
    rows = found(views, {"resource": "Patient", "select": selects}, resource)
    assert rows == [
        (None, None, [family, "column 'given': more than one value"]),
        (None, None, [family]),
    ]


def test_a_violation_below_a_lambda_is_found_once(views: Views) -> None:
    path = "name.where(given < 'x').family"
    resource = {
        "resourceType": "Patient",
        "name": [{"family": "a", "given": ["b"]}, *ONE["name"], *ONE["name"]],
    }
    assert found(views, one_column(path, collection=True), resource) == [
        (["a"], ["column 'value': more than one value"])
    ]


def test_a_branch_that_is_not_taken_violates_nothing(views: Views) -> None:
    view = one_column("where(active).name.family")
    inactive = {**TWO, "active": False}
    assert found(views, view, TWO, inactive) == [(None, ["column 'value': more than one value"]), (None, [])]


def test_what_a_condition_of_the_view_violates_is_a_row_of_its_own(views: Views) -> None:
    view = {
        **one_column("id"),
        "where": [{"path": "name.given.exists()"}, {"path": "name.given = 'x' or name.family > 'a'"}],
    }
    row = (None, ["where[1]: more than one value"])
    assert found(views, view, TWO, {**TWO, "resourceType": "Person"}) == [row]
    assert views.rows(view, [TWO]) == []


@pytest.mark.parametrize("key", ["forEach", "forEachOrNull"])
def test_what_the_path_of_an_iteration_violates_is_a_row_of_its_own(views: Views, key: str) -> None:
    column = [{"name": "family", "path": "family"}, {"name": "i", "path": "%rowIndex"}]
    selects = [{"column": [{"name": "id", "path": "id"}]}, {key: "name.where(given > 'b')", "column": column}]
    resource = {**ONE, "name": [*ONE["name"], {"family": "x", "given": ["c"]}]}
    rows = found(views, {"resource": "Patient", "select": selects}, resource)
    assert rows == [
        ("one", "x", 0, []),
        ("one", None, 0, [f"select[1].{key}: more than one value"]),
    ]


def test_a_single_focus_does_not_repeat_its_violation_in_the_columns(views: Views) -> None:
    select = {"forEach": "name.where(given > 'b').first()", "column": [{"name": "family", "path": "family"}]}
    resource = {**ONE, "name": [*ONE["name"], {"family": "x", "given": ["c"]}]}
    rows = found(views, {"resource": "Patient", "select": [select]}, resource)
    assert rows == [("x", []), (None, ["select[0].forEach: more than one value"])]


def test_items_below_the_depth_of_a_repeat_are_told(views: Views) -> None:
    assert all(not row[-1] for row in found(views, REPEAT, nested(DEPTH)))
    rows = found(views, REPEAT, nested(DEPTH + 1))
    assert [row[1] for row in rows] == [*map(str, range(DEPTH + 1)), None, "last"]
    assert [row[-1] for row in rows if row[-1]] == [[f"select[0].repeat: more than {DEPTH} levels"]]
    kept = [row["id"] for row in views.rows(REPEAT, [nested(DEPTH + 1)])]
    assert kept == [*map(str, range(DEPTH + 1)), "last"]


def test_a_cut_item_without_rows_of_its_own_is_told(views: Views) -> None:
    select = {"repeat": ["item"], "select": [{"forEach": "code", "column": [{"name": "c", "path": "code"}]}]}
    view = {"resource": "Questionnaire", "select": [select]}
    assert found(views, view, nested(DEPTH + 1)) == [(None, [f"select[0].repeat: more than {DEPTH} levels"])]


def test_a_union_keeps_the_violations_of_its_branches(views: Views) -> None:
    branches = [{"column": [{"name": "x", "path": path}]} for path in ("name.family", "id")]
    rows = found(views, {"resource": "Patient", "select": [{"unionAll": branches}]}, TWO)
    assert rows == [(None, ["column 'x': more than one value"]), ("two", [])]


def test_a_repeat_that_fits_nothing_still_has_the_column(views: Views) -> None:
    view = {
        "resource": "Patient",
        "select": [{"repeat": ["item"], "column": [{"name": "x", "path": "linkId", "type": "string"}]}],
    }
    views.load([TWO])
    views.connection.execute(compile_view(view, "duckdb").select("resources", "resource", [], "bad"))
    assert [str(column[1]) for column in views.connection.description or ()] == ["VARCHAR", "VARCHAR[]"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_query_can_fail_on_purpose(dialect: str) -> None:
    sql = compile_view(REPEAT, dialect).select("t", "resource", [], "bad")
    assert "error" not in sql
