"""A view's columns: from a `column` with its path to a typed value of the row.

FHIR's text-like types, dates and times included, are TEXT in FHIR's own form; integers INTEGER (integer64
LONG); decimals DECIMAL. The spec's column tag `ansi/type` may ask for another type of the same family
(ANSI_TYPES).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.errors import PathError, PathTypeError, ViewDefinitionError
from healthlake.sql_on_fhir.expressions import compile_path
from healthlake.sql_on_fhir.scope import Scope, as_list
from healthlake.sql_on_fhir.types import SCALARS, ListType, Scalar, ValueType
from healthlake.sql_on_fhir.view import ColumnDefinition

# ANSI type names as tags write them, and which scalars of a path they may be asked of.
ANSI_TYPES: Mapping[str, tuple[Scalar, tuple[Scalar, ...]]] = {
    "BIGINT": (Scalar.LONG, (Scalar.LONG,)),
    "BOOLEAN": (Scalar.BOOLEAN, (Scalar.BOOLEAN,)),
    "CHARACTER VARYING": (Scalar.TEXT, (Scalar.TEXT,)),
    "DOUBLE PRECISION": (Scalar.DOUBLE, (Scalar.DECIMAL, Scalar.LONG)),
    "INTEGER": (Scalar.INTEGER, (Scalar.LONG,)),
}


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column as the compiler knows it. `is_row_index`: its path is %rowIndex; it is 0 in a row of NULLs."""

    name: str
    fhir_type: str
    scalar: Scalar
    collection: bool
    is_row_index: bool = False

    @property
    def value_type(self) -> ValueType:
        return ListType(self.scalar) if self.collection else self.scalar

    @property
    def null(self) -> tree.Node:
        """What the column holds in the row that forEachOrNull gives for an empty collection."""
        if self.collection:
            return tree.OrEmpty(tree.Null(self.value_type))
        return tree.Cast(tree.number(0), self.scalar) if self.is_row_index else tree.Null(self.scalar)


def compile_column(view: str, column: ColumnDefinition, scope: Scope) -> tuple[ViewColumn, tree.Node]:
    """A column's description and its value in a scope; PathError or ViewDefinitionError with its name."""
    location = f"column '{column.name}'"
    decimal = Scalar.DOUBLE if column.ansi_type == "DOUBLE PRECISION" else scope.decimal
    scope = replace(scope, place=location, decimal=decimal)
    try:
        value = compile_path(column.path, scope)
        scalar = tree.item_type(value.node)
        if not isinstance(scalar, Scalar):
            raise PathTypeError(f"a column needs a primitive, not {value.type}: name an element of it", 0)
        described = describe(view, column, value.type)
        if not _fits(scalar, described.scalar):
            raise PathTypeError(f"the path gives {value.type}, the column is {described.fhir_type}", 0)
    except PathError as error:
        raise error.within(view, location, column.path) from None
    node = as_list(value.node) if column.collection else scope.single(value)
    return described, _converted(node, described, scope)


def describe(view: str, column: ColumnDefinition, found_type: str | None) -> ViewColumn:
    """The column's description from its declared type, else from the type that its path gives."""
    fhir_type = column.type or found_type
    if fhir_type is None:
        raise ViewDefinitionError("needs a 'type' here", view=view, location=f"column '{column.name}'")
    scalar = SCALARS[fhir_type]
    target = Scalar.INTEGER if scalar is Scalar.LONG and fhir_type != "integer64" else scalar
    if column.ansi_type is not None:
        target, allowed = ANSI_TYPES.get(column.ansi_type, (target, ()))
        if scalar not in allowed:
            known = ", ".join(ansi for ansi, (_, scalars) in ANSI_TYPES.items() if scalar in scalars)
            message = f"a {fhir_type} can't be made '{column.ansi_type}'; supported: {known or 'none'}"
            raise ViewDefinitionError(message, view=view, location=f"column '{column.name}'")
    return ViewColumn(column.name, fhir_type, target, column.collection, column.path.strip() == "%rowIndex")


def _fits(found: Scalar, wanted: Scalar) -> bool:
    """Whether a path's scalar can be a column's. A DECIMAL can't become DOUBLE: reading it has rounded it."""
    numbers = {Scalar.INTEGER, Scalar.DECIMAL, Scalar.DOUBLE, Scalar.LONG}
    return found is wanted or (found is Scalar.LONG and wanted in numbers)


def _converted(node: tree.Node, column: ViewColumn, scope: Scope) -> tree.Node:
    if not column.collection:
        return node if node.type is column.scalar else tree.Cast(node, column.scalar)
    if tree.item_type(node) is not column.scalar:
        variable = scope.variable(tree.item_type(node))
        node = tree.Map(node, variable, tree.Cast(variable, column.scalar))
    return tree.OrEmpty(node)
