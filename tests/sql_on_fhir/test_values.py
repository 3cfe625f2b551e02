"""What comes out of paths: types, text kept, numbers exact, nothing lost or invented."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthlake.sql_on_fhir import compile_view
from tests.sql_on_fhir.conftest import Views, one_column

DOUBLE = {"tag": [{"name": "ansi/type", "value": "DOUBLE PRECISION"}]}
QUANTITY = "value.ofType(Quantity).value"


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def quantity(number: str) -> str:
    return f'{{"resourceType":"Observation","valueQuantity":{{"value":{number}}}}}'


@pytest.mark.parametrize(
    ("path", "resource", "fhir_type", "sql_type", "spark_type"),
    [
        ("id", "Patient", "string", "VARCHAR", "STRING"),
        ("birthDate", "Patient", "date", "VARCHAR", "STRING"),
        ("deceased.ofType(dateTime)", "Patient", "dateTime", "VARCHAR", "STRING"),
        ("issued", "Observation", "instant", "VARCHAR", "STRING"),
        ("value.ofType(time)", "Observation", "time", "VARCHAR", "STRING"),
        ("active", "Patient", "boolean", "BOOLEAN", "BOOLEAN"),
        ("multipleBirth.ofType(integer)", "Patient", "integer", "INTEGER", "INT"),
        ("telecom.rank.first()", "Patient", "positiveInt", "INTEGER", "INT"),
        ("photo.size.first()", "Patient", "unsignedInt", "INTEGER", "INT"),
        (QUANTITY, "Observation", "decimal", "DECIMAL(38,9)", "DECIMAL(38,9)"),
        ("%rowIndex", "Patient", "integer", "INTEGER", "INT"),
        ("name.exists()", "Patient", "boolean", "BOOLEAN", "BOOLEAN"),
    ],
)
def test_a_column_has_the_sql_type_of_its_fhir_type(
    views: Views, path: str, resource: str, fhir_type: str, sql_type: str, spark_type: str
) -> None:
    compiled = compile_view(one_column(path, resource), "duckdb")
    (column,) = compiled.columns
    assert (column.name, column.fhir_type, column.sql_type) == ("value", fhir_type, sql_type)
    (on_spark,) = compile_view(one_column(path, resource), "spark").columns
    assert (on_spark.name, on_spark.fhir_type, on_spark.sql_type) == ("value", fhir_type, spark_type)
    views.load([])
    views.connection.execute(compiled.select("resources", "resource"))
    assert [str(described[1]) for described in views.connection.description or ()] == [sql_type]


def test_a_declared_type_is_the_columns_type(views: Views) -> None:
    (column,) = compile_view(one_column("%rowIndex", type="integer64"), "duckdb").columns
    assert (column.fhir_type, column.sql_type) == ("integer64", "BIGINT")
    (column,) = compile_view(one_column("%rowIndex", type="decimal"), "duckdb").columns
    assert (column.fhir_type, column.sql_type) == ("decimal", "DECIMAL(38,9)")


def test_a_collection_is_a_list_and_never_null(views: Views) -> None:
    (column,) = compile_view(one_column("name.given", collection=True), "duckdb").columns
    assert (column.sql_type, column.collection) == ("VARCHAR[]", True)
    resources = [patient(name=[{"given": ["a", "b"]}, {"given": ["c"]}, {}]), patient(name=[]), patient()]
    assert views.values("name.given", *resources, collection=True) == [["a", "b", "c"], [], []]
    assert views.values("id", patient(id="p"), patient(), collection=True) == [["p"], []]
    assert views.values("telecom.rank", patient(telecom=[{"rank": 2}]), collection=True) == [[2]]


@pytest.mark.parametrize(
    "text", ["2015", "2015-02", "2015-02-07", "2015-02-07T13:28:17.239+02:00", "2015-02-07T24:00:00Z"]
)
def test_dates_and_times_keep_their_text(views: Views, text: str) -> None:
    assert views.values("deceased.ofType(dateTime)", patient(deceasedDateTime=text)) == [text]


@pytest.mark.parametrize(
    "number",
    [
        "1.00",
        "1e3",
        "0.12345678901234567890",
        "12345678901234567890.12345",
        "-0.0",
        "1E-7",
        "0.1",
        "9007199254740993",
    ],
)
def test_a_decimal_as_double_is_the_nearest_double(views: Views, number: str) -> None:
    assert views.values(QUANTITY, quantity(number), **DOUBLE) == [float(number)]


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_any_decimal_as_double_is_the_nearest_double(views: Views, numbers: list[Decimal]) -> None:
    finite = [str(number) for number in numbers if math.isfinite(float(number))] or ["1"]
    found = views.values(QUANTITY, *map(quantity, finite), **DOUBLE)
    assert [value.hex() for value in found] == [float(number).hex() for number in finite]


def test_a_decimal_is_exact_to_nine_places(views: Views) -> None:
    numbers = ["1.00", "1e3", "12345678901234567890.123456789", "0.0000000005", "-2.5"]
    expected = [Decimal(text) for text in ("1", "1000", "12345678901234567890.123456789", "1e-9", "-2.5")]
    assert views.values(QUANTITY, *map(quantity, numbers)) == expected


def test_one_path_serves_a_double_and_a_decimal_column(views: Views) -> None:
    columns = [{"name": "exact", "path": QUANTITY}, {"name": "double", "path": QUANTITY, **DOUBLE}]
    view = {"resource": "Observation", "select": [{"column": columns}]}
    numbers = ["0.1234567890123456", "1e-7", "120"]
    rows = views.rows(view, map(quantity, numbers))
    assert [row["double"] for row in rows] == [float(number) for number in numbers]
    assert [row["exact"] for row in rows] == [Decimal("0.123456789"), Decimal("0.0000001"), Decimal(120)]


def test_text_beyond_the_basic_plane_comes_through(views: Views) -> None:
    assert views.values("name.family", patient(name=[{"family": "\U0001f600 Ω ß '"}])) == ["\U0001f600 Ω ß '"]
    assert views.values(
        "name.where(family = '\U0001f600').exists()", patient(name=[{"family": "\U0001f600"}])
    ) == [True]


def test_nulls_inside_an_array_are_no_items(views: Views) -> None:
    resource = patient(name=[{"given": [None, "b", None, "c"]}])
    assert views.values("name.given", resource, collection=True) == [["b", "c"]]
    assert views.values("name.given.first()", resource) == ["b"]
    assert views.values("name.given[1]", resource) == ["c"]
    assert views.values("name.given.join('-')", resource) == ["b-c"]
    assert views.values("name.given.exists()", patient(name=[{"given": [None]}])) == [False]
    view = {
        "resource": "Patient",
        "select": [{"forEach": "name.given", "column": [{"name": "g", "path": "$this"}]}],
    }
    assert views.rows(view, [resource]) == [{"g": "b"}, {"g": "c"}]


def test_extensions_of_a_primitive_are_read_beside_it(views: Views) -> None:
    extension = {"extension": [{"url": "u", "valueString": "why"}, {"url": "v", "valueString": "no"}]}
    value = "extension('u').value.ofType(string).first()"
    birth = patient(birthDate="2000", _birthDate=extension)
    assert views.values(f"birthDate.{value}", birth, patient(birthDate="2000")) == ["why", None]
    assert views.values("birthDate", birth) == ["2000"]
    given_names = patient(name=[{"given": ["a", None], "_given": [None, extension]}, {"given": ["b"]}])
    assert views.values(f"name.given.{value}", given_names) == ["why"]
    assert views.values(f"deceased.ofType(dateTime).{value}", patient(_deceasedDateTime=extension)) == ["why"]


def test_extensions_nest(views: Views) -> None:
    inner = [{"url": "ombCategory", "valueCoding": {"code": code}} for code in ("2106-3", "2028-9")]
    resource = patient(extension=[{"url": "race", "extension": inner}, {"url": "other"}])
    path = "extension('race').extension('ombCategory').value.ofType(Coding).code"
    assert views.values(path, resource, collection=True) == [["2106-3", "2028-9"]]


def test_a_choice_exists_where_any_of_its_variants_does(views: Views) -> None:
    resources = [patient(deceasedBoolean=False), patient(deceasedDateTime="2000"), patient()]
    assert views.values("deceased.exists()", *resources) == [True, True, False]
    assert views.values("deceased.empty()", *resources) == [False, False, True]
    observation = {"resourceType": "Observation", "component": [{}, {"valueString": "x"}]}
    assert views.values("component.value.exists()", observation) == [True]
    assert views.values("component.where(value.empty()).exists()", observation) == [True]


def test_an_object_of_which_nothing_is_read_exists(views: Views) -> None:
    resources = [{"resourceType": "Observation", "effectivePeriod": {}}, {"resourceType": "Observation"}]
    assert views.values("effective.ofType(Period).exists()", *resources) == [True, False]


def test_text_that_is_no_json_or_no_object_gives_no_row(views: Views) -> None:
    whole = '{"resourceType":"Patient","id":"p"}'
    broken = ['{"resourceType":', "5", "null", "[]", "", whole + "x", whole + "}", whole * 2, f"[{whole}]"]
    assert views.values("id", patient(id="p"), *broken, patient(id="q")) == ["p", "q"]


def test_other_resource_types_give_no_row(views: Views) -> None:
    assert views.values("id", patient(id="p"), {"resourceType": "Observation", "id": "o"}) == ["p"]


def test_nothing_is_read_but_what_the_view_uses() -> None:
    sql = compile_view(one_column("name.where(use = 'official').family"), "duckdb").select("t", "resource")
    schema = json.loads(sql[sql.index('{"') : sql.index("}'") + 1])
    assert schema == {"name": [{"use": "VARCHAR", "family": "VARCHAR"}], "resourceType": "VARCHAR"}
