"""The typed tree: what a view means, with nothing left for an engine to decide. The contract of the emitters.

Each class is a node kind (`sources`, `lists`, `values`); an emitter writes every kind in its
dialect. Rules for all of them:

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
from typing import TypeAlias

from healthlake.sql_on_fhir.tree.lists import (
    Compact,
    Concat,
    Filter,
    Flatten,
    ItemAt,
    Items,
    Join,
    Map,
    OrEmpty,
    Row,
    Size,
    item_type,
)
from healthlake.sql_on_fhir.tree.sources import Field, Index, Literal, Null, Parse, Resource, Variable
from healthlake.sql_on_fhir.tree.values import (
    Arithmetic,
    Case,
    Cast,
    Compare,
    Extract,
    Guard,
    IsNull,
    LastDay,
    Length,
    Logic,
    Not,
    Substring,
    Text,
    ToInstant,
)
from healthlake.sql_on_fhir.types import ListType, Scalar

__all__ = [
    "FALSE",
    "TRUE",
    "Arithmetic",
    "Case",
    "Cast",
    "Compact",
    "Compare",
    "Concat",
    "Extract",
    "Field",
    "Filter",
    "Flatten",
    "Guard",
    "Index",
    "IsNull",
    "ItemAt",
    "Items",
    "Join",
    "LastDay",
    "Length",
    "Literal",
    "Logic",
    "Map",
    "Node",
    "Not",
    "Null",
    "OrEmpty",
    "Parse",
    "Resource",
    "Row",
    "Size",
    "Substring",
    "Text",
    "ToInstant",
    "Variable",
    "is_list",
    "item_type",
    "number",
    "walk",
]

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


def walk(node: object) -> Iterator[Node]:
    """A node and all nodes below it, parents first."""
    if isinstance(node, tuple):
        for part in node:
            yield from walk(part)
    elif isinstance(node, Node):
        yield node
        for field in dataclasses.fields(node):
            yield from walk(getattr(node, field.name))
