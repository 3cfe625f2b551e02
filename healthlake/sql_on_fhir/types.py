"""The types of the compiler: scalars, lists, rows, and the shape of the JSON that a view reads.

A `Shape` grows while paths are compiled and ends as the schema of the parse: it holds the properties that the
view uses and nothing else, so that an engine skips the rest of the resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TypeAlias


class Scalar(Enum):
    """Types of single values. INTEGER (32 bits) is for columns only, JSON (an unparsed part) for `Parse`."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    LONG = "long"
    DECIMAL = "decimal"
    DOUBLE = "double"
    INSTANT = "instant"
    JSON = "json"

    def holds(self, value: object) -> bool:
        """Whether a constant is within the type."""
        if self is Scalar.LONG and isinstance(value, int):
            return -(2**63) <= value < 2**63
        if self is Scalar.DECIMAL and isinstance(value, int | Decimal):
            return -(10**29) < value < 10**29
        return True


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of `item`."""

    item: ValueType


@dataclass(frozen=True, slots=True)
class RowType:
    """A row of named, typed fields, in order."""

    fields: tuple[tuple[str, ValueType], ...]


@dataclass(eq=False, slots=True)
class Shape:
    """A JSON object and the properties of it that are read. `rewritten`: it is parsed from a JSON part, whose
    numbers the engine has written again."""

    properties: dict[str, Property] = field(default_factory=dict)
    rewritten: bool = False

    def property(self, name: str, *, is_list: bool) -> Property:
        """The property `name`, added where it wasn't read before."""
        return self.properties.setdefault(name, Property(is_list, rewritten=self.rewritten))


@dataclass(eq=False, slots=True)
class Property:
    """One JSON property (or each item of it, where `is_list`) and all the ways in which the view reads it."""

    is_list: bool
    shape: Shape | None = None
    scalars: set[Scalar] = field(default_factory=set)
    rewritten: bool = False

    def as_object(self) -> Shape:
        """Read as an object; the shape that its properties are added to."""
        self.shape = self.shape or Shape(rewritten=self.rewritten)
        return self.shape

    def as_scalar(self, scalar: Scalar) -> Scalar:
        """Read as a scalar."""
        self.scalars.add(scalar)
        return scalar

    @property
    def stored(self) -> Shape | Scalar:
        """What the parse makes of it: one type, from which each reader's type is cast or parsed.

        JSON serves objects too (parsed when read). Text serves any two number types: casting it gives the
        same double as parsing the number, while a DECIMAL would have lost its digits after the ninth.
        """
        if Scalar.JSON in self.scalars:
            return Scalar.JSON
        if self.shape:
            return self.shape
        if len(self.scalars) > 1 or (self.rewritten and Scalar.DECIMAL in self.scalars):
            return Scalar.TEXT
        return next(iter(self.scalars))

    @property
    def type(self) -> ValueType:
        """The type of the whole property: `stored`, a list of it where it is a list."""
        return ListType(self.stored) if self.is_list else self.stored


ValueType: TypeAlias = Scalar | Shape | ListType | RowType

# How the value of each FHIR primitive is read. Dates and times keep their text: it holds precision and
# offset.
SCALARS: Mapping[str, Scalar] = {
    "base64Binary": Scalar.TEXT,
    "boolean": Scalar.BOOLEAN,
    "canonical": Scalar.TEXT,
    "code": Scalar.TEXT,
    "date": Scalar.TEXT,
    "dateTime": Scalar.TEXT,
    "decimal": Scalar.DECIMAL,
    "id": Scalar.TEXT,
    "instant": Scalar.TEXT,
    "integer": Scalar.LONG,
    "integer64": Scalar.LONG,
    "markdown": Scalar.TEXT,
    "oid": Scalar.TEXT,
    "positiveInt": Scalar.LONG,
    "string": Scalar.TEXT,
    "time": Scalar.TEXT,
    "unsignedInt": Scalar.LONG,
    "uri": Scalar.TEXT,
    "url": Scalar.TEXT,
    "uuid": Scalar.TEXT,
    "xhtml": Scalar.TEXT,
}
