"""Reads the ViewDefinitions in `healthlake/views` and says which contract columns they make.

A view column becomes contract columns by its `healthlake/as` tag (CONVERSIONS); the tags `healthlake/phi` and
`healthlake/unit` are carried over. Columns tagged `input` feed derived columns only and are not published.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from healthlake.contracts.model import Column, ColumnType

_PLAIN_TYPES: Mapping[str, ColumnType] = {
    "boolean": ColumnType.BOOLEAN,
    "decimal": ColumnType.DOUBLE,
    "integer": ColumnType.INT,
    "positiveInt": ColumnType.INT,
    "unsignedInt": ColumnType.INT,
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one published column is made from a view column of text: `{c}` in `expression` is the view
    column."""

    suffix: str
    type: ColumnType
    expression: str
    note: str = ""


_REFERENCE_ID = "reference_id(resolve_reference({c}, local_references), '{target}')"

CONVERSIONS: Mapping[str, tuple[Conversion, ...]] = {
    "input": (),
    # FHIRPath's join() of nothing is empty text.
    "joined": (Conversion("", ColumnType.STRING, "nullif({c}, '')"),),
    "date": (
        Conversion("", ColumnType.DATE, "fhir_date({c})"),
        Conversion("_text", ColumnType.STRING, "{c}", " As given."),
        Conversion("_precision", ColumnType.STRING, "fhir_precision({c})", " Precision: year, month or day."),
    ),
    "datetime": (
        Conversion("", ColumnType.TIMESTAMP, "fhir_instant({c})"),
        Conversion("_text", ColumnType.STRING, "{c}", " As given."),
        Conversion(
            "_precision", ColumnType.STRING, "fhir_precision({c})", " Precision: year, month, day or time."
        ),
    ),
    "instant": (Conversion("", ColumnType.TIMESTAMP, "fhir_instant({c})"),),
    "reference": (Conversion("", ColumnType.STRING, _REFERENCE_ID),),
    "reference_or_identifier": (
        Conversion(
            "", ColumnType.STRING, f"coalesce({_REFERENCE_ID}, reference_identifier({{c}}, '{{target}}'))"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class View:
    """A ViewDefinition and the contract columns that its published columns become, in order."""

    name: str
    resource_type: str
    definition: Mapping[str, Any]
    columns: tuple[Column, ...]


@functools.cache
def load_view(name: str) -> View:
    """The view in `healthlake/views/<name>.json`; `KeyError` where a column has an unknown
    `healthlake/as`."""
    text = resources.files("healthlake").joinpath("views", f"{name}.json").read_text("utf-8")
    definition = json.loads(text)
    columns: list[Column] = []
    for column in _view_columns(definition["select"]):
        columns.extend(_published(column))
    unique = {column.name: column for column in columns}
    return View(name, definition["resource"], definition, tuple(unique.values()))


def _view_columns(selects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Columns in view order; of a unionAll the first branch, since all branches have the same columns."""
    found: list[dict[str, Any]] = []
    for select in selects:
        found.extend(select.get("column", ()))
        found.extend(_view_columns(select.get("select", [])))
        found.extend(_view_columns(select.get("unionAll", [])[:1]))
    return found


def _published(column: Mapping[str, Any]) -> list[Column]:
    tags = {tag["name"]: tag["value"] for tag in column.get("tag", ())}
    name, phi = column["name"], tags.get("healthlake/phi") == "true"
    conversion = tags.get("healthlake/as")
    if conversion is None:
        kind = _PLAIN_TYPES.get(column["type"], ColumnType.STRING)
        return [Column(name, kind, column["description"], tags.get("healthlake/unit"), phi)]
    return [
        Column(
            f"{name}{made.suffix}",
            made.type,
            column["description"] + made.note,
            tags.get("healthlake/unit") if made.type is ColumnType.TIMESTAMP else None,
            phi,
            made.expression.format(c=name, target=tags.get("healthlake/target", "")),
        )
        for made in CONVERSIONS[conversion]
    ]
