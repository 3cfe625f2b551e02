"""Defects of what observations say, and twins."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from tests.injector.changes import drops, has_unit, is_of, measures, puts, scales
from tests.injector.lab import Injected, Kind, Lab, Resource, each


def _twins(lab: Lab) -> Injected:
    """Of two the rules list the one whose id comes later: make it the new one."""
    wanted = [*lab.take("Encounter"), *lab.take("Observation", lambda r: measures(r.resource))]
    return [
        lab.add(record, {**copy.deepcopy(record.resource), "id": f"z{record.resource['id']}"})
        for record in wanted
    ]


def _swap_values(lab: Lab) -> Injected:
    chosen = lab.take("Observation", lambda record: is_of("29463-7")(record.resource))
    values = [record.resource["valueQuantity"]["value"] for record in chosen]
    for record, value in zip(chosen, _turned(values), strict=True):
        record.resource["valueQuantity"]["value"] = value
    return chosen


def _turned(values: Sequence[float]) -> list[float]:
    return [*values[1:], values[0]]


def _swap_pressures(resource: Resource) -> None:
    first, second = resource["component"][:2]
    first["code"], second["code"] = second["code"], first["code"]


def _quantity(resource: Resource, **members: object) -> None:
    resource["valueQuantity"].update(members)


KINDS_OF_VALUES: tuple[Kind, ...] = (
    Kind(
        "value and reason for none",
        "A value, and dataAbsentReason too.",
        "records",
        each("Observation", puts(dataAbsentReason={"coding": [{"code": "unknown"}]}), has_unit()),
        ("O62",),
    ),
    Kind(
        "no value",
        "The value is left out, without a reason.",
        "records",
        each("Observation", drops("valueQuantity"), has_unit()),
        ("O60",),
    ),
    Kind(
        "number as text",
        "The value is a string of digits.",
        "records",
        each(
            "Observation",
            lambda r: r.update(valueString=str(r.pop("valueQuantity")["value"])),
            measures,
        ),
        ("O65", "O73"),
    ),
    Kind(
        "filler",
        "9999 stands where no value is known.",
        "records",
        each("Observation", lambda r: _quantity(r, value=9999), has_unit()),
        ("O72", "O75"),
    ),
    Kind(
        "negative",
        "The value has a minus sign.",
        "records",
        each("Observation", scales(-1), measures),
        ("O72", "O74"),
    ),
    Kind(
        "decimal slipped by two",
        "The value is 100 times what it was.",
        "records",
        each("Observation", scales(100), measures),
        ("O72",),
    ),
    Kind(
        "decimal slipped by one",
        "The value is 10 times what it was.",
        "records",
        each("Observation", scales(10), measures),
        ("O72",),
        note="What is found lies outside anything a living patient can have; the ranges are wide on purpose.",
    ),
    Kind(
        "pounds as kilograms",
        "A weight's value is 2.2 times what it was, its unit still kg.",
        "records",
        each("Observation", scales(2.2), is_of("29463-7")),
        ("O72",),
        note="A heavy patient is possible. Only weights over time, or with heights, would tell.",
    ),
    Kind(
        "unit of another quantity",
        "The unit code is that of a temperature.",
        "records",
        each("Observation", lambda r: _quantity(r, code="Cel", unit="Cel"), measures),
        ("O71",),
    ),
    Kind(
        "unit relabelled",
        "mg/dL is called mmol/L, and the value left.",
        "records",
        each(
            "Observation",
            lambda r: _quantity(r, code="mmol/L", unit="mmol/L"),
            is_of("2339-0", "6299-2", "49765-1", "2093-3", "2571-8", "2085-9", "18262-6"),
        ),
        ("O72",),
        note="Normal glucose in mg/dL is a possible, if deadly, one in mmol/L.",
    ),
    Kind(
        "no unit",
        "Unit and code are left out.",
        "records",
        each("Observation", lambda r: [r["valueQuantity"].pop(n) for n in ("unit", "code")], has_unit()),
        ("O68",),
    ),
    Kind(
        "local unit",
        "The unit is no longer said to be of UCUM.",
        "records",
        each("Observation", lambda r: r["valueQuantity"].pop("system"), has_unit()),
        ("O69",),
    ),
    Kind(
        "pressures swapped",
        "Systolic and diastolic blood pressure are swapped.",
        "records",
        each("Observation", _swap_pressures, is_of("85354-9")),
        ("O90",),
    ),
    Kind(
        "values of others",
        "Body weights are swapped among patients.",
        "records",
        _swap_values,
        ("O72",),
        note="Each is a possible weight of a possible patient.",
    ),
    Kind(
        "twin",
        "The same encounter or value again, under another id.",
        "records",
        _twins,
        ("E52", "O92"),
    ),
)
