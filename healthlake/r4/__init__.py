"""What FHIR R4 (4.0.1) says of each type: its elements, their types, and whether they repeat.

The facts are elements.json beside this file, generated from HL7's definitions by scripts/make_r4_elements.py.
Types are named as FHIR names them; a backbone element's type is its path (`Observation.component`). The table
is read at the first look-up (under 10 ms), not at import, and kept. It knows no cardinality beyond "one or
many", no bindings and no profiles.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal, TypedDict

Kind = Literal["primitive", "complex", "resource"]


class _Table(TypedDict):
    kinds: dict[str, Kind]
    types: dict[str, dict[str, tuple[list[str], int, int]]]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type. `name` is without `[x]`; `types` has more than one entry only where
    `is_choice`."""

    name: str
    types: tuple[str, ...]
    is_list: bool
    is_choice: bool

    def json_name(self, type_: str) -> str:
        """The JSON property that holds this element as a `type_`: `valueQuantity`, or just the name."""
        return f"{self.name}{type_[0].upper()}{type_[1:]}" if self.is_choice else self.name


@functools.cache
def _table() -> _Table:
    table: _Table = json.loads(resources.files(__name__).joinpath("elements.json").read_text("utf-8"))
    return table


@functools.cache
def elements(type_path: str) -> Mapping[str, Element]:
    """The elements of a type or backbone path, in FHIR's order; empty for a primitive or an unknown type."""
    rows = _table()["types"].get(type_path, {})
    return {
        name: Element(name, tuple(types), bool(is_list), bool(is_choice))
        for name, (types, is_list, is_choice) in rows.items()
    }


def element(type_path: str, name: str) -> Element | None:
    """The element `name` of a type or backbone path; None where that type has no such element."""
    return elements(type_path).get(name)


def kind(type_path: str) -> Kind | None:
    """What a type is; a backbone path is complex. None where R4 has no such type."""
    table = _table()
    return table["kinds"].get(type_path) or ("complex" if type_path in table["types"] else None)


def types(kind_: Kind) -> tuple[str, ...]:
    """The names of all types of one kind, backbone paths left out."""
    return tuple(name for name, its_kind in _table()["kinds"].items() if its_kind == kind_)


@functools.cache
def element_names() -> frozenset[str]:
    """The names of all elements of all types."""
    return frozenset(name for rows in _table()["types"].values() for name in rows)
