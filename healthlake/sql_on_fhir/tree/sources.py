"""Node kinds that bring values in: the resource, what is read of it, variables, constants."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from healthlake.sql_on_fhir.types import Property, Scalar, Shape, ValueType

if TYPE_CHECKING:
    from healthlake.sql_on_fhir.tree import Node


@dataclass(frozen=True, slots=True)
class Resource:
    """The parsed resource of the current source row."""

    type: Shape


@dataclass(frozen=True, slots=True)
class Variable:
    """The item that a Map or Filter is at."""

    number: int
    type: ValueType


@dataclass(frozen=True, slots=True)
class Index:
    """The position of the item that a Map is at; 0 is the first."""

    number: int
    type: Scalar = Scalar.LONG


@dataclass(frozen=True, slots=True)
class Field:
    """`base.name`: of a JSON object, read as `type` (`property` says what the parse made of it), or of a
    row; NULL where `base` is. A number read as TEXT is some text of the nearest double (with an exponent or
    without), an integer its own digits. A number read as DECIMAL is exact, unless the view also reads it as
    another type, or below Parse: then it is that of the text. Cast reads such texts alike in all engines: the
    digits of an integer, else the shortest that give the double, from 2^53 on the value of the double."""

    base: Node
    name: str
    type: ValueType
    property: Property | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. INSTANT and JSON have none."""

    value: str | bool | int | Decimal
    type: Scalar


@dataclass(frozen=True, slots=True)
class Null:
    """No value; as a list type, the empty list."""

    type: ValueType


@dataclass(frozen=True, slots=True)
class Parse:
    """JSON text -> `type`, properties by exact name. A value of another JSON type gives NULL or is converted:
    shapes are checked before. Numbers inside a JSON part (see Scalar.JSON) have passed through the nearest
    double; integers haven't."""

    text: Node
    type: ValueType
