"""What the compiler says of a view that is wrong: where, what, and what was perhaps meant."""

from __future__ import annotations

from typing import Any

import pytest

from healthlake.sql_on_fhir import (
    PathError,
    PathSyntaxError,
    PathTypeError,
    UnknownDialectError,
    UnknownElementError,
    ViewDefinitionError,
    compile_view,
)
from healthlake.sql_on_fhir.dialects import DIALECTS
from tests.sql_on_fhir.conftest import one_column


def test_an_unknown_element_is_told_with_place_and_the_nearest_known() -> None:
    with pytest.raises(UnknownElementError) as caught:
        compile_view(one_column("name.first().fmaily"), "duckdb")
    error = caught.value
    assert (error.view, error.location, error.path, error.position) == (
        "tested",
        "column 'value'",
        "name.first().fmaily",
        13,
    )
    assert error.nearest == ("family",)
    assert str(error) == (
        "view 'tested', column 'value', position 13: HumanName has no element 'fmaily'; nearest: family\n"
        "    name.first().fmaily\n"
        "                 ^"
    )


@pytest.mark.parametrize(
    ("path", "position", "nearest"),
    [
        ("nmae", 0, "name"),
        ("deceasedBoolean", 0, "deceased.ofType(boolean)"),
        ("deceased.ofType(datetime)", 16, "dateTime"),
        ("name.frist()", 5, "first"),
        ("%rowindex", 0, "rowIndex"),
        ("managingOrganization.getReferenceKey(Organisation)", 37, "Organization"),
    ],
)
def test_the_nearest_known_name_is_offered(path: str, position: int, nearest: str) -> None:
    with pytest.raises(UnknownElementError) as caught:
        compile_view(one_column(path), "duckdb")
    assert caught.value.position == position
    assert caught.value.nearest[0] == nearest


@pytest.mark.parametrize(
    ("path", "position", "message"),
    [
        ("deceased", 0, "choice of types: add .ofType(), one of boolean, dateTime"),
        ("name", 0, "needs a primitive, not HumanName"),
        ("gender.code", 7, "primitive"),
        ("gender + 1", 7, "'+' needs two numbers, not code and integer"),
        ("multipleBirth.ofType(integer) = 'a'", 30, "can't compare integer with string"),
        ("active > false", 7, "can't compare boolean with boolean"),
        ("active and gender", 7, "a condition is needed, not code"),
        ("name.where(family)", 11, "a condition is needed, not string"),
        ("name['x']", 4, "an index is a single integer"),
        ("name.given = name.given", 11, "a list on either side"),
        ("gender.first(1)", 7, "takes 0 arguments"),
        ("birthDate.ofType(string)", 17, "a date is never a string"),
        ("contained.id", 0, "holds resources"),
        ("name.join()", 5, "join() takes texts"),
        ("name.given.first().extension('x').exists()", 19, "right after the element's name"),
        ("getReferenceKey()", 0, "for a Reference"),
        ("name.extension(family)", 15, "no element 'family'"),
        (
            "multipleBirth.ofType(integer) < 9223372036854775808",
            32,
            "9223372036854775808 is beyond the integers",
        ),
        (
            "multipleBirth.ofType(integer) < 1.5 + 100000000000000000000000000000.0",
            38,
            "is beyond the decimals",
        ),
        ("active.lowBoundary()", 7, "can't be asked of this boolean"),
    ],
)
def test_types_that_do_not_fit_are_told(path: str, position: int, message: str) -> None:
    with pytest.raises(PathError) as caught:
        compile_view(one_column(path), "duckdb")
    assert caught.value.position == position
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("@@", 0),
        ("name.", 5),
        ("name[0", 6),
        ("name | telecom", 5),
        ("name is HumanName", 5),
        ("'open", 0),
        ("a b", 2),
    ],
)
def test_a_path_that_does_not_parse_is_told_with_its_position(path: str, position: int) -> None:
    with pytest.raises(PathSyntaxError) as caught:
        compile_view(one_column(path), "duckdb")
    assert caught.value.position == position


def test_a_column_must_be_of_its_declared_type() -> None:
    with pytest.raises(PathTypeError, match="the path gives code, the column is integer"):
        compile_view(one_column("gender", type="integer"), "duckdb")


def test_a_type_tag_must_be_one_that_the_path_can_give() -> None:
    tag = [{"name": "ansi/type", "value": "TIMESTAMP"}]
    with pytest.raises(
        ViewDefinitionError, match="a date can't be made 'TIMESTAMP'; supported: CHARACTER VARYING"
    ):
        compile_view(one_column("birthDate", tag=tag), "duckdb")


def test_errors_in_for_each_where_and_repeat_name_the_clause() -> None:
    column = {"column": [{"name": "x", "path": "'x'"}]}
    for select, location in (
        ({"forEach": "nam", **column}, "select[0].forEach"),
        ({"forEachOrNull": "nam", **column}, "select[0].forEachOrNull"),
        ({"repeat": ["item", "itm"], **column}, "select[0].repeat"),
        ({"select": [column, {"forEach": "nam", **column}]}, "select[0].select[1].forEach"),
    ):
        with pytest.raises(PathError) as caught:
            compile_view({"resource": "Patient", "select": [select]}, "duckdb")
        assert caught.value.location == location
    with pytest.raises(PathTypeError) as where:
        compile_view({**one_column("id"), "where": [{"path": "true"}, {"path": "name.family"}]}, "duckdb")
    assert where.value.location == "where[1]"


def select_with(**keys: Any) -> dict[str, Any]:
    column = [{"name": "x", "path": "id"}]
    return {"resource": "Patient", "select": [{"column": column, **keys}]}


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ({}, "'resource' must be a text"),
        ({"resource": "Pateint", "select": []}, "no resource 'Pateint'; nearest: Patient"),
        ({"resource": "HumanName", "select": []}, "no resource 'HumanName'"),
        ({"resource": "Patient"}, "needs a select"),
        ({"resource": "Patient", "select": [{}]}, "select\\[0\\]: a select needs column"),
        (select_with(forEachOrNul="name"), "unknown key 'forEachOrNul'; nearest: forEachOrNull"),
        (select_with(forEach="name", repeat=["name"]), "forEach and repeat exclude each other"),
        (select_with(forEach=1), "'forEach' must be a text, not 1"),
        (select_with(repeat="name"), "'repeat' must be a list"),
        (one_column("id", type="HumanName"), "type 'HumanName', no primitive"),
        (one_column("id", name="a b"), "name 'a b' must be a letter"),
        (one_column("id", collection="yes"), "must be true or false"),
        ({**select_with(), "constant": [{"name": "c"}]}, "constant 'c' needs one value"),
        ({**select_with(), "constant": [{"name": "c", "valueInteger": "1"}]}, "isn't a integer"),
        ({**select_with(), "constant": [{"name": "c", "valueInteger": 2**63}]}, "is beyond the integers"),
        ({**select_with(), "constant": [{"name": "c", "valueDecimal": 1e30}]}, "is beyond the decimals"),
        ({**select_with(), "constant": [{"name": "rowIndex", "valueInteger": 1}]}, "FHIRPath has it"),
        ({**select_with(), "fhirVersion": ["5.0.0"]}, "the compiler for R4"),
        (
            {**select_with(select=[{"column": [{"name": "X", "path": "id"}]}])},
            "column 'X': the name is taken",
        ),
    ],
)
def test_a_view_that_is_no_view_is_told(view: dict[str, Any], message: str) -> None:
    with pytest.raises(ViewDefinitionError, match=message):
        compile_view(view, "duckdb")


def test_branches_of_a_union_must_give_the_same_columns() -> None:
    branches = [{"column": [{"name": "x", "path": path}]} for path in ("id", "active")]
    view = {"name": "v", "resource": "Patient", "select": [{"unionAll": branches}]}
    with pytest.raises(
        ViewDefinitionError, match=r"unionAll\[1\]: gives x boolean; the first branch gives x text"
    ):
        compile_view(view, "duckdb")


@pytest.mark.parametrize("path", ["name.first().fmaily", "name[0", "gender + 1", "name.frist()"])
def test_an_error_is_the_same_in_every_dialect(path: str) -> None:
    texts = set()
    for dialect in DIALECTS:
        with pytest.raises(PathError) as caught:
            compile_view(one_column(path), dialect)
        texts.add(str(caught.value))
    assert len(texts) == 1


def test_an_unknown_dialect_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownDialectError, match="no dialect 'oracle'; known: duckdb, spark"):
        compile_view(one_column("id"), "oracle")
