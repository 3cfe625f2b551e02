"""Node kinds of lists and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from healthlake.sql_on_fhir.tree.sources import Index, Variable
from healthlake.sql_on_fhir.types import ListType, RowType, Scalar, ValueType

if TYPE_CHECKING:
    from healthlake.sql_on_fhir.tree import Node


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


def item_type(node: Node) -> ValueType:
    """The type of the items of a list, of the value itself where it is single."""
    return node.type.item if isinstance(node.type, ListType) else node.type
