"""A ViewDefinition's JSON as checked, frozen values; paths stay text here.

A key that SQL on FHIR v2 doesn't know is an error where it would change rows (in `select`, `column`,
`constant`, `where`): a misspelt `forEachOrNul` must not pass as no `forEachOrNull`. Other keys of the
resource are metadata and aren't read. Source: SQL on FHIR v2, StructureDefinition ViewDefinition, 2.0.0 and
2.1.0-pre (`repeat`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from healthlake import r4
from healthlake.sql_on_fhir.errors import ViewDefinitionError, nearest
from healthlake.sql_on_fhir.types import SCALARS, Scalar

# What a path may name with % beside the view's constants.
ENVIRONMENT = ("context", "resource", "rowIndex")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_ITERATIONS = ("forEach", "forEachOrNull", "repeat")
_ANY = ("id", "extension", "modifierExtension")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "select": (*_ANY, "column", "select", "unionAll", *_ITERATIONS),
    "column": (*_ANY, "name", "path", "type", "collection", "description", "tag"),
    "where": (*_ANY, "path", "description"),
}


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One `column`. `ansi_type` is the value of its tag `ansi/type`, in capitals."""

    name: str
    path: str
    type: str | None
    collection: bool
    ansi_type: str | None


@dataclass(frozen=True, slots=True)
class Select:
    """One `select`: what it iterates over (one of three ways at most), its columns, what is nested in it."""

    for_each: str | None
    for_each_or_null: str | None
    repeat: tuple[str, ...]
    columns: tuple[ColumnDefinition, ...]
    selects: tuple[Select, ...]
    union_all: tuple[Select, ...]
    location: str


@dataclass(frozen=True, slots=True)
class ViewDefinition:
    """A view: `constants` maps a name to its FHIR type and value, `where` holds paths."""

    name: str
    resource: str
    constants: Mapping[str, tuple[str, str | bool | int | Decimal]]
    select: tuple[Select, ...]
    where: tuple[str, ...]


def read_view(view: Mapping[str, Any]) -> ViewDefinition:
    """The view in a JSON object; ViewDefinitionError where it isn't one."""
    return _Reader(str(view.get("name") or view.get("resource") or "?")).view(view)


class _Reader:
    """Reads one view; it knows the view's name, so that each error can tell it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def view(self, view: Mapping[str, Any]) -> ViewDefinition:
        resource = self._text(view, "resource", "view")
        if r4.kind(resource) != "resource":
            near = ", ".join(nearest(resource, r4.types("resource")))
            raise self._error(f"R4 has no resource '{resource}'; nearest: {near or 'none'}", "resource")
        versions = view.get("fhirVersion") or ["4.0.1"]
        if not any(str(version).startswith("4.0") for version in versions):
            raise self._error(f"the view is for {versions}, the compiler for R4 (4.0)", "fhirVersion")
        constants = dict(self._constant(item, where) for item, where in self._objects(view, "constant", ""))
        selects = tuple(self._select(item, where) for item, where in self._objects(view, "select", ""))
        if not selects:
            raise self._error("a view needs a select", "select")
        wheres = tuple(self._text(item, "path", where) for item, where in self._objects(view, "where", ""))
        return ViewDefinition(self._name, resource, constants, selects, wheres)

    def _error(self, message: str, location: str) -> ViewDefinitionError:
        return ViewDefinitionError(message, view=self._name, location=location)

    def _objects(
        self, parent: Mapping[str, Any], key: str, location: str
    ) -> list[tuple[Mapping[str, Any], str]]:
        """The JSON objects in a list, each with its place in the view."""
        items = parent.get(key, [])
        place = f"{location}.{key}" if location else key
        if not isinstance(items, Sequence) or not all(isinstance(item, Mapping) for item in items):
            raise self._error("expected a list of objects", place)
        found = [(item, f"{place}[{number}]") for number, item in enumerate(items)]
        for item, where in found:
            for name in item if key in _KEYS else ():
                if name not in _KEYS[key] and not name.startswith("_"):
                    near = ", ".join(nearest(name, _KEYS[key])) or ", ".join(_KEYS[key][3:])
                    raise self._error(f"unknown key '{name}'; nearest: {near}", where)
        return found

    def _text(self, parent: Mapping[str, Any], key: str, location: str) -> str:
        value = parent.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self._error(f"'{key}' must be a text, not {value!r}", location)
        return value

    def _identifier(self, parent: Mapping[str, Any], location: str) -> str:
        name = self._text(parent, "name", location)
        if not _NAME.fullmatch(name):
            raise self._error(f"name '{name}' must be a letter, then letters, digits and _", location)
        return name

    def _constant(
        self, constant: Mapping[str, Any], location: str
    ) -> tuple[str, tuple[str, str | bool | int | Decimal]]:
        name = self._identifier(constant, location)
        if name in ENVIRONMENT:
            raise self._error(f"%{name} is not a constant's name: FHIRPath has it", location)
        values = [key for key in constant if key.startswith("value")]
        types = {f"value{type_[0].upper()}{type_[1:]}": type_ for type_ in SCALARS}
        if len(values) != 1 or values[0] not in types:
            raise self._error(f"constant '{name}' needs one value[x] of a primitive type", location)
        type_, value = types[values[0]], constant[values[0]]
        if not SCALARS[type_].holds(Decimal(str(value)) if isinstance(value, float) else value):
            raise self._error(f"{values[0]} of constant '{name}' is beyond the {type_}s", location)
        if SCALARS[type_] is Scalar.DECIMAL and type(value) in (int, float, Decimal):
            return name, (type_, Decimal(str(value)))
        wanted: Mapping[Scalar, type] = {Scalar.TEXT: str, Scalar.BOOLEAN: bool, Scalar.LONG: int}
        if not isinstance(value, str | bool | int) or type(value) is not wanted.get(SCALARS[type_]):
            raise self._error(f"{values[0]} of constant '{name}' isn't a {type_}", location)
        return name, (type_, value)

    def _select(self, select: Mapping[str, Any], location: str) -> Select:
        iterations = [key for key in _ITERATIONS if key in select]
        if len(iterations) > 1:
            raise self._error(f"{' and '.join(iterations)} exclude each other", location)
        repeat = select.get("repeat", ())
        if "repeat" in select and (not isinstance(repeat, list) or not repeat):
            raise self._error("'repeat' must be a list of paths", location)
        return Select(
            self._text(select, "forEach", location) if "forEach" in select else None,
            self._text(select, "forEachOrNull", location) if "forEachOrNull" in select else None,
            tuple(self._text({"repeat": path}, "repeat", location) for path in repeat),
            tuple(self._column(item, where) for item, where in self._objects(select, "column", location)),
            tuple(self._select(item, where) for item, where in self._objects(select, "select", location)),
            tuple(self._select(item, where) for item, where in self._objects(select, "unionAll", location)),
            location,
        )

    def _column(self, column: Mapping[str, Any], location: str) -> ColumnDefinition:
        name = self._identifier(column, location)
        type_, collection = column.get("type"), column.get("collection", False)
        if type_ is not None:
            type_ = str(type_).removeprefix("http://hl7.org/fhir/StructureDefinition/")
            if type_ not in SCALARS:
                near = ", ".join(nearest(type_, SCALARS)) or "none"
                message = f"column '{name}' is of type '{type_}', no primitive; nearest: {near}"
                raise self._error(message, location)
        if not isinstance(collection, bool):
            raise self._error(f"'collection' of column '{name}' must be true or false", location)
        path = self._text(column, "path", location)
        tags = [tag for tag, _ in self._objects(column, "tag", location) if tag.get("name") == "ansi/type"]
        ansi_type = self._text(tags[0], "value", f"{location}.tag").upper() if tags else None
        return ColumnDefinition(name, path, type_, collection, ansi_type)
