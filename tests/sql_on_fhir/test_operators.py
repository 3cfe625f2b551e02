"""Operators and functions where the official suite asks little: precision, three-valued logic, limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sql_on_fhir.conftest import Views


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def test_dates_compare_by_what_both_state(views: Views) -> None:
    dates = ["1999", "2000", "2000-05", "2000-06", "2000-06-01", "2001-01-01"]
    found = views.values("birthDate < @2000-06", *(patient(birthDate=date) for date in dates))
    assert found == [True, None, True, False, None, False]
    assert views.values("birthDate = @2000-06", patient(birthDate="2000-06"), patient()) == [True, None]


def test_instants_compare_as_points_in_time(views: Views) -> None:
    path = "deceased.ofType(dateTime) {} @2000-01-01T10:00:00+02:00"
    same, half_a_second_later = "2000-01-01T08:00:00Z", "2000-01-01T09:00:00.5+01:00"
    resources = [patient(deceasedDateTime=text) for text in (same, half_a_second_later, "2000-01-01", "1999")]
    assert views.values(path.format("="), *resources) == [True, False, None, False]
    assert views.values(path.format(">"), *resources) == [False, True, None, False]


def test_a_leap_second_and_hour_24_compare_as_text_not_as_errors(views: Views) -> None:
    texts = ["2016-12-31T23:59:60Z", "2016-12-31T24:00:00Z"]
    resources = [patient(deceasedDateTime=text) for text in texts]
    assert views.values("deceased.ofType(dateTime) = @2016-12-31T23:59:60Z", *resources) == [True, False]


def test_times_compare_with_and_without_fraction(views: Views) -> None:
    times = ["12:34:00", "12:34:00.000", "12:34:00.5", "12:35"]
    resources = [{"resourceType": "Observation", "valueTime": time} for time in times]
    assert views.values("value.ofType(time) = @T12:34:00", *resources) == [True, True, False, False]
    assert views.values("value.ofType(time) > @T12:34:00", *resources) == [False, False, True, True]


def test_equality_with_a_list_needs_one_item(views: Views) -> None:
    names = [[], [{"family": "a"}], [{"family": "a"}, {"family": "a"}]]
    resources = [patient(name=name) for name in names]
    assert views.values("name.family = 'a'", *resources) == [None, True, False]
    assert views.values("'a' != name.family", *resources) == [None, False, True]


def test_logic_has_three_values(views: Views) -> None:
    resources = [patient(active=True), patient(active=False), patient()]
    assert views.values("active and true", *resources) == [True, False, None]
    assert views.values("active and false", *resources) == [False, False, False]
    assert views.values("active or true", *resources) == [True, True, True]
    assert views.values("active.not()", *resources) == [False, True, None]


def test_arithmetic_keeps_integers_and_divides_as_decimals(views: Views) -> None:
    three = patient(multipleBirthInteger=3)
    number = "multipleBirth.ofType(integer)"
    assert views.values(f"{number} + 4 * 2 - 1", three) == [10]
    assert views.values(f"-{number}", three) == [-3]
    assert views.values(f"{number} / 2", three) == [Decimal("1.5")]
    assert views.values(f"{number} / 0", three) == [None]
    assert views.values(f"{number} + 0.5", three, patient()) == [Decimal("3.5"), None]


def test_a_result_beyond_its_type_is_null(views: Views) -> None:
    three = patient(multipleBirthInteger=3)
    number = "multipleBirth.ofType(integer)"
    assert views.values(f"{number} * 4000000000 * 4000000000", three) == [None]
    assert views.values(f"{number} * 1000000000", three) == [None]
    assert views.values(f"{number} * 1000000000", three, type="integer64") == [3_000_000_000]


def test_positions_outside_a_list_are_empty(views: Views) -> None:
    resource = patient(name=[{"family": "a"}, {"family": "b"}])
    paths = [
        "name[1].family",
        "name[2].family",
        "name[-1].family",
        "name[%rowIndex].family",
        "name[%rowIndex - 1].family",
    ]
    assert [views.values(path, resource)[0] for path in paths] == ["b", None, None, "a", None]


@pytest.mark.parametrize(
    ("reference", "any_type", "organization"),
    [
        ("Organization/a", "a", "a"),
        ("https://example.org/fhir/Organization/a-b.1", "a-b.1", "a-b.1"),
        ("Organization/a/_history/2", "a", "a"),
        ("Patient/a", "a", None),
        ("MyOrganization/a", "a", None),
        ("urn:uuid:3f1c", "3f1c", None),
        ("#contained", None, None),
        ("Organization?identifier=http://x/Organization/a", None, None),
    ],
)
def test_a_reference_key_is_the_id_in_a_literal_reference(
    views: Views, reference: str, any_type: str | None, organization: str | None
) -> None:
    resource = patient(managingOrganization={"reference": reference})
    assert views.values("managingOrganization.getReferenceKey()", resource) == [any_type]
    assert views.values("managingOrganization.getReferenceKey(Organization)", resource) == [organization]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2000", "2000-01-01T00:00:00.000+14:00", "2000-12-31T23:59:59.999-12:00"),
        ("2000-02", "2000-02-01T00:00:00.000+14:00", "2000-02-29T23:59:59.999-12:00"),
        ("2000-02-03T10:11:12Z", "2000-02-03T10:11:12.000Z", "2000-02-03T10:11:12.999Z"),
        ("2000-02-03T10:11:12.1+05:00", "2000-02-03T10:11:12.100+05:00", "2000-02-03T10:11:12.199+05:00"),
    ],
)
def test_boundaries_complete_what_a_date_time_leaves_open(
    views: Views, text: str, low: str, high: str
) -> None:
    resource = patient(deceasedDateTime=text)
    assert views.values("deceased.ofType(dateTime).lowBoundary()", resource) == [low]
    assert views.values("deceased.ofType(dateTime).highBoundary()", resource) == [high]


def test_a_decimal_below_a_boundary_is_still_compared_as_a_number(views: Views) -> None:
    resource = {"resourceType": "Observation", "referenceRange": [{"low": {"value": n}} for n in (9, 10.5)]}
    path = "referenceRange.where(low.value > 9.5).low.value.lowBoundary()"
    assert views.values(path, resource) == [Decimal("10.45")]
