"""Small changes of a resource that make a defect, as kinds name them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

from tests.injector.lab import Resource

Change = Callable[[Resource], object]


def puts(**fields: Any) -> Change:
    """Sets members, whatever was there."""
    return lambda resource: resource.update(fields)


def drops(*names: str) -> Change:
    """Removes members."""

    def change(resource: Resource) -> None:
        for name in names:
            del resource[name]

    return change


def moves(days: int) -> Change:
    """Moves every time of an encounter or observation."""

    def change(resource: Resource) -> None:
        for holder, name in times(resource):
            holder[name] = moved(holder[name], days)

    return change


def times(resource: Resource) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a resource says when: the holder and the member's name."""
    yield from ((resource, name) for name in ("effectiveDateTime", "issued") if name in resource)
    yield from ((resource["period"], name) for name in ("start", "end") if "period" in resource)


def moved(time: str, days: float) -> str:
    return (datetime.datetime.fromisoformat(time) + datetime.timedelta(days)).isoformat()


def lasts(resource: Resource) -> bool:
    return bool(resource["period"]["start"] < resource["period"]["end"])


def scales(factor: float) -> Change:
    """Multiplies the value and leaves the unit."""

    def change(resource: Resource) -> None:
        quantity = resource["valueQuantity"]
        quantity["value"] = round(quantity["value"] * factor, 4)

    return change


def has_unit(*codes: str) -> Callable[[Resource], bool]:
    """Whether the resource has a quantity, in one of the units if any are named."""

    def applies(resource: Resource) -> bool:
        quantity = resource.get("valueQuantity")
        return quantity is not None and (not codes or quantity.get("code") in codes)

    return applies


def is_of(*codes: str) -> Callable[[Resource], bool]:
    """Whether an observation has one of the LOINC codes."""
    return lambda resource: resource["code"]["coding"][0]["code"] in codes


def measures(resource: Resource) -> bool:
    """Whether the value is a measurement that no two days have alike, of a positive amount."""
    return has_unit("mg/dL", "kg", "cm", "mmol/L", "/min", "kg/m2")(resource)


def in_code(change: Callable[[str], str], path: str) -> Change:
    """Changes the code of the first coding at `path`: code, or type of an encounter."""

    def mistype(resource: Resource) -> None:
        concept = resource[path][0] if isinstance(resource[path], list) else resource[path]
        concept["coding"][0]["code"] = change(concept["coding"][0]["code"])

    return mistype


def transposed(code: str) -> str:
    """The first two neighbouring digits that differ, swapped; a dash stays where it is."""
    digits = code.replace("-", "")
    at = next(n for n in range(len(digits) - 1) if digits[n] != digits[n + 1])
    swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    return f"{swapped[:-1]}-{swapped[-1]}" if "-" in code else swapped


def one_digit_off(code: str) -> str:
    return str((int(code[0]) % 9) + 1) + code[1:]
