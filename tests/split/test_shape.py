"""Whether JSON types are R4's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from healthlake import r4
from healthlake.split.shape import Shapes

SHAPES = Shapes(("Patient", "Encounter", "Observation", "Questionnaire"))


def error(resource_type: str, **elements: Any) -> str | None:
    value = {"resourceType": resource_type, "id": "1", **elements}
    return SHAPES.error(resource_type, msgspec.json.encode(value, order="deterministic"))


@pytest.mark.parametrize(
    ("resource_type", "elements", "path"),
    [
        ("Patient", {"name": {}}, "Patient.name"),
        ("Patient", {"name": [[]]}, "Patient.name[0]"),
        ("Patient", {"name": [None]}, "Patient.name[0]"),
        ("Patient", {"name": [{"given": ["a"]}, {"given": "b"}]}, "Patient.name[1].given"),
        ("Patient", {"name": [{"given": ["a", 5]}]}, "Patient.name[0].given[1]"),
        ("Patient", {"birthDate": 1970}, "Patient.birthDate"),
        ("Patient", {"active": "true"}, "Patient.active"),
        ("Patient", {"active": 1}, "Patient.active"),
        ("Patient", {"deceasedBoolean": "2020-01-01"}, "Patient.deceasedBoolean"),
        ("Patient", {"multipleBirthInteger": 1.5}, "Patient.multipleBirthInteger"),
        ("Patient", {"multipleBirthInteger": 1.0}, "Patient.multipleBirthInteger"),
        ("Patient", {"multipleBirthInteger": 2**31}, "Patient.multipleBirthInteger"),
        ("Patient", {"multipleBirthInteger": -(2**31) - 1}, "Patient.multipleBirthInteger"),
        ("Patient", {"_birthDate": []}, "Patient._birthDate"),
        ("Patient", {"_birthDate": {"extension": {}}}, "Patient._birthDate.extension"),
        ("Patient", {"name": [{"_given": {}}]}, "Patient.name[0]._given"),
        ("Patient", {"contained": {}}, "Patient.contained"),
        ("Patient", {"contained": ["x"]}, "Patient.contained[0]"),
        ("Patient", {"contact": [{"name": []}]}, "Patient.contact[0].name"),
        ("Patient", {"meta": {"profile": "x"}}, "Patient.meta.profile"),
        ("Patient", {"extension": [{"extension": [{"url": 5}]}]}, "Patient.extension[0].extension[0].url"),
        ("Encounter", {"class": [{"code": "AMB"}]}, "Encounter.class"),
        ("Encounter", {"period": "2020"}, "Encounter.period"),
        ("Observation", {"valueQuantity": {"value": "5"}}, "Observation.valueQuantity.value"),
        ("Observation", {"component": [{"valueQuantity": 5}]}, "Observation.component[0].valueQuantity"),
        ("Observation", {"subject": {"identifier": {"use": 5}}}, "Observation.subject.identifier.use"),
        ("Questionnaire", {"item": [{"item": [{"linkId": 5}]}]}, "Questionnaire.item[0].item[0].linkId"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_by_its_path(resource_type: str, elements: dict[str, Any], path: str) -> None:
    assert error(resource_type, **elements) == path


@pytest.mark.parametrize(
    ("resource_type", "elements"),
    [
        ("Patient", {}),
        ("Patient", {"name": []}),
        ("Patient", {"name": None}),
        ("Patient", {"name": [{"given": ["a", None], "_given": [None, {"id": "x"}]}]}),
        ("Patient", {"unknown": {"given": 5}, "name": [{"unknown": 5}]}),
        ("Patient", {"birthDate": "no date at all", "gender": "no such code"}),
        ("Patient", {"multipleBirthInteger": 2**31 - 1}),
        ("Patient", {"contained": [{"resourceType": "Patient", "name": {}}]}),
        ("Patient", {"_birthDate": {"extension": [{"url": "x", "valueCode": "unknown"}]}}),
        ("Observation", {"valueQuantity": {"value": 5}}),
        ("Observation", {"valueQuantity": {"value": 5.5}}),
        ("Observation", {"subject": {"identifier": {"assigner": {"identifier": {}}}}}),
        ("Medication", {"code": "a type that wasn't asked for"}),
    ],
)
def test_a_right_type_is_no_error(resource_type: str, elements: dict[str, Any]) -> None:
    assert error(resource_type, **elements) is None


def test_the_first_error_is_the_same_in_any_order_of_keys() -> None:
    assert error("Patient", name={}, birthDate=5, active=5) == error(
        "Patient", active=5, birthDate=5, name={}
    )


def test_a_decimal_that_no_double_holds_is_an_error() -> None:
    canonical = b'{"id":"1","valueQuantity":{"value":%s}}'
    assert SHAPES.error("Observation", canonical % b"1E+308") is None
    assert SHAPES.error("Observation", canonical % b"1E+309") == "Observation.valueQuantity.value"


def test_an_error_names_elements_and_no_values() -> None:
    path = error("Patient", name=[{"family": {"secret": "secret"}}])
    assert path == "Patient.name[0].family"


@pytest.mark.parametrize("resource_type", r4.types("resource"))
def test_every_type_of_r4_can_be_checked(resource_type: str) -> None:
    shapes = Shapes((resource_type,))
    plain = b'{"id":"1","resourceType":"' + resource_type.encode() + b'"}'
    assert shapes.error(resource_type, plain) is None
    if r4.elements(resource_type):
        assert shapes.error(resource_type, b'{"id":5}') == f"{resource_type}.id"
