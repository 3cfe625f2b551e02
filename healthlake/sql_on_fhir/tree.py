"""The typed tree: what a view means, with nothing left for an engine to decide. The contract of the emitters.

Each class below is a node kind; an emitter writes every kind in its dialect. Rules for all of them:

- Every node has a `type`; an emitter never infers one. Literals, NULLs and empty lists are written with their
  type.
- A list that is NULL is an empty list: `Size` is 0, `Concat` takes it as empty. Any list may be NULL, but for
  `OrEmpty`.
- Positions count from 0, lengths in code points. A position outside a list gives NULL.
- Logic is three-valued. A condition that is NULL is not met.
- TEXT compares by code point, LONG has 64 bits, DECIMAL is exact with 38 digits of which 9 after the point
  and rounds half away from zero, DOUBLE is IEEE 754, INSTANT is UTC in microseconds.
- Variables are numbers; an emitter gives them names that no column of the source can shadow.

The set is closed: a kind more is a change of this contract and of every emitter.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from healthlake.sql_on_fhir.types import ListType, Property, RowType, Scalar, Shape, ValueType


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
    row."""

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
class Cast:
    """`operand` as another scalar; NULL where it isn't one: text that is no number, a number out of range."""

    operand: Node
    type: Scalar


@dataclass(frozen=True, slots=True)
class Parse:
    """JSON text -> `type`, properties by exact name. A value of another JSON type gives NULL or is converted:
    shapes are checked before. Numbers inside a JSON part (see Scalar.JSON) are as exact as the engine's
    rewriting: 15 digits."""

    text: Node
    type: ValueType


@dataclass(frozen=True, slots=True)
class Items:
    """The list of these elements, in order; a NULL element stays."""

    elements: tuple[Node, ...]
    type: ListType


@dataclass(frozen=True, slots=True)
class Compact:
    """The list without its NULLs."""

    items: Node

    @property
    def type(self) -> ValueType:
        return self.items.type


@dataclass(frozen=True, slots=True)
class Filter:
    """The items for which `condition` is true."""

    items: Node
    variable: Variable
    condition: Node

    @property
    def type(self) -> ValueType:
        return self.items.type


@dataclass(frozen=True, slots=True)
class Map:
    """`body` of each item, NULLs included; `index` is given only where the body uses it."""

    items: Node
    variable: Variable
    body: Node
    index: Index | None = None

    @property
    def type(self) -> ListType:
        return ListType(self.body.type)


@dataclass(frozen=True, slots=True)
class Flatten:
    """A list of lists as one list; NULL inner lists are empty."""

    items: Node

    @property
    def type(self) -> ValueType:
        return item_type(self.items)


@dataclass(frozen=True, slots=True)
class Concat:
    """The lists one after the other."""

    lists: tuple[Node, ...]

    @property
    def type(self) -> ValueType:
        return self.lists[0].type


@dataclass(frozen=True, slots=True)
class OrEmpty:
    """The list; the empty list for NULL. The only kind that promises a list that isn't NULL."""

    items: Node

    @property
    def type(self) -> ValueType:
        return self.items.type


@dataclass(frozen=True, slots=True)
class ItemAt:
    """The item at a position (a LONG, 0 is the first); NULL outside the list."""

    items: Node
    position: Node

    @property
    def type(self) -> ValueType:
        return item_type(self.items)


@dataclass(frozen=True, slots=True)
class Size:
    """The number of items as LONG, NULL items counted; 0 for NULL."""

    items: Node
    type: Scalar = Scalar.LONG


@dataclass(frozen=True, slots=True)
class Join:
    """The texts of a list with a separator between them, NULL items left out; '' for an empty list."""

    items: Node
    separator: str
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class Row:
    """A row of named values."""

    fields: tuple[tuple[str, Node], ...]

    @property
    def type(self) -> RowType:
        return RowType(tuple((name, node.type) for name, node in self.fields))


@dataclass(frozen=True, slots=True)
class Case:
    """The value of the first condition that is met, else `otherwise` (None: NULL). Evaluated lazily."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None = None

    @property
    def type(self) -> ValueType:
        return self.branches[0][1].type


@dataclass(frozen=True, slots=True)
class Guard:
    """`value` where `violated` is not true. A violation is of the row, never of the query's shape: an emitter
    raises `message`, or gives NULL and reports it. The message holds names of the view only."""

    value: Node
    violated: Node
    message: str

    @property
    def type(self) -> ValueType:
        return self.value.type


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether there is no value; never NULL. Not for lists."""

    operand: Node
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """Three-valued negation."""

    operand: Node
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Logic:
    """Three-valued `and` / `or`."""

    operator: str
    operands: tuple[Node, ...]
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Compare:
    """`= != < <= > >=` of two scalars of one type; NULL where either is."""

    operator: str
    left: Node
    right: Node
    type: Scalar = Scalar.BOOLEAN


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * /` of two LONG, DECIMAL or DOUBLE, with a result of that type; `/` never of LONG. NULL where
    either is, at division by zero, and beyond the type. DECIMAL operands are first rounded to (28,9) for +
    and -, to (18,6) for *, to (20,9) for /, and are NULL beyond: in this form DuckDB and Spark were seen to
    give the same digits."""

    operator: str
    left: Node
    right: Node

    @property
    def type(self) -> ValueType:
        return self.left.type


@dataclass(frozen=True, slots=True)
class Text:
    """Texts one after the other; NULL where any is."""

    parts: tuple[Node, ...]
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class Length:
    """Length of a text, LONG."""

    operand: Node
    type: Scalar = Scalar.LONG


@dataclass(frozen=True, slots=True)
class Substring:
    """Text from position `start` on, `length` long or to the end; '' beyond the end."""

    operand: Node
    start: Node
    length: Node | None = None
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class Extract:
    """What group 1 of `pattern` matches first in a text; NULL without a match or for ''. The pattern is in
    the common subset of RE2 and Java: classes in brackets, no look-around, no `\\d`."""

    operand: Node
    pattern: str
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class LastDay:
    """`YYYY-MM` -> `YYYY-MM-DD` of the month's last day; NULL for any other text."""

    operand: Node
    type: Scalar = Scalar.TEXT


@dataclass(frozen=True, slots=True)
class ToInstant:
    """Text with date, time of day and offset -> INSTANT, digits after the sixth cut; NULL for any other
    text."""

    operand: Node
    type: Scalar = Scalar.INSTANT


Node: TypeAlias = (
    Resource
    | Variable
    | Index
    | Field
    | Literal
    | Null
    | Cast
    | Parse
    | Items
    | Compact
    | Filter
    | Map
    | Flatten
    | Concat
    | OrEmpty
    | ItemAt
    | Size
    | Join
    | Row
    | Case
    | Guard
    | IsNull
    | Not
    | Logic
    | Compare
    | Arithmetic
    | Text
    | Length
    | Substring
    | Extract
    | LastDay
    | ToInstant
)
TRUE, FALSE = Literal(True, Scalar.BOOLEAN), Literal(False, Scalar.BOOLEAN)


def number(value: int) -> Literal:
    """A LONG literal."""
    return Literal(value, Scalar.LONG)


def is_list(node: Node) -> bool:
    return isinstance(node.type, ListType)


def item_type(node: Node) -> ValueType:
    """The type of the items of a list, of the value itself where it is single."""
    return node.type.item if isinstance(node.type, ListType) else node.type


def walk(node: object) -> Iterator[Node]:
    """A node and all nodes below it, parents first."""
    if isinstance(node, tuple):
        for part in node:
            yield from walk(part)
    elif isinstance(node, Node):
        yield node
        for field in dataclasses.fields(node):
            yield from walk(getattr(node, field.name))
