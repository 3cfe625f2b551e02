"""What a path is compiled against: the value in focus, the view's constants, the row index, and fresh
variables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from healthlake.r4 import Element
from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.types import ListType, Scalar, Shape, ValueType


@dataclass(frozen=True, slots=True)
class Value:
    """A node with its FHIR type.

    `choice` is set on a choice element that no ofType() has resolved yet: `node` is then the value that has
    the element. `origin` is where a primitive was read from (parent, JSON property, is_list): its
    extensions lie beside it, in `_property`.
    """

    node: tree.Node
    type: str
    choice: Element | None = None
    origin: tuple[Value, str, bool] | None = None

    @property
    def is_list(self) -> bool:
        return tree.is_list(self.node)

    @property
    def shape(self) -> Shape | None:
        """The JSON object that this is, or a list of; None for a primitive."""
        type_ = tree.item_type(self.node)
        return type_ if isinstance(type_, Shape) else None


@dataclass(frozen=True, slots=True)
class Scope:
    """The surroundings of one path. `decimal` is the scalar as which decimals are read: DECIMAL, or DOUBLE
    for a column that is tagged so (then also inside its comparisons), or TEXT for the boundary functions.
    `place` is the column or clause that the path is of, as violations name it."""

    resource: Value
    focus: Value
    constants: Mapping[str, Value]
    place: str
    row_index: tree.Node = field(default_factory=lambda: tree.number(0))
    decimal: Scalar = Scalar.DECIMAL
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def variable(self, type_: ValueType) -> tree.Variable:
        """A variable that nothing else in the view uses."""
        return tree.Variable(next(self._numbers), type_)

    def index(self) -> tree.Index:
        """The position that goes with a variable of a Map."""
        return tree.Index(next(self._numbers))

    def item_of(self, items: Value) -> tuple[tree.Variable, Value]:
        """A variable for one item of a list, also as a value of the list's FHIR type."""
        variable = self.variable(tree.item_type(items.node))
        return variable, Value(variable, items.type)

    def focused(self, focus: Value, row_index: tree.Node | None = None) -> Scope:
        """The same surroundings with another focus, and another row index where one is given."""
        return replace(self, focus=focus, row_index=self.row_index if row_index is None else row_index)

    @property
    def numeric(self) -> Scope:
        """The same surroundings for what computes: a decimal is a number there, below a boundary too."""
        return replace(self, decimal=Scalar.DECIMAL) if self.decimal is Scalar.TEXT else self

    def single(self, value: Value) -> tree.Node:
        """The value as one value; a list of more than one is a violation in the row."""
        if not value.is_list:
            return value.node
        too_many = tree.Compare(">", tree.Size(value.node), tree.number(1))
        item = tree.ItemAt(value.node, tree.number(0))
        return tree.Guard(item, too_many, self.place, "more than one value")


def as_list(node: tree.Node) -> tree.Node:
    """A list as it is, a single value as a list of one or none."""
    return node if tree.is_list(node) else tree.Compact(tree.Items((node,), ListType(node.type)))
