"""Syntax tree + scope -> typed value: the middle of the compiler, where names meet the R4 table.

Every error leaves here as a PathError with a position; who called adds view and column.
"""

from __future__ import annotations

import functools
from decimal import Decimal

from healthlake import r4
from healthlake.sql_on_fhir import navigation, operators, syntax, tree
from healthlake.sql_on_fhir.errors import PathTypeError, UnknownElementError, nearest
from healthlake.sql_on_fhir.functions import FUNCTIONS, Invocation
from healthlake.sql_on_fhir.scope import Scope, Value, as_list
from healthlake.sql_on_fhir.types import SCALARS, Scalar
from healthlake.sql_on_fhir.view import ENVIRONMENT

_parse = functools.lru_cache(maxsize=1024)(syntax.parse)


def compile_path(path: str, scope: Scope) -> Value:
    """The value of a FHIRPath in a scope; a PathError where it has none."""
    return navigation.resolved(evaluate(_parse(path), scope), 0)


def evaluate(node: syntax.Syntax, scope: Scope) -> Value:
    """The value of one part of a path."""
    match node:
        case syntax.Constant():
            if not SCALARS[node.type].holds(node.value):
                raise PathTypeError(f"{node.value} is beyond the {node.type}s", node.position)
            return literal(node.value, node.type, scope.decimal)
        case syntax.Name():
            return _name(node, scope)
        case syntax.Call():
            return _call(node, scope)
        case syntax.Index():
            return _index(node, scope)
        case syntax.Environment():
            return _environment(node, scope)
        case syntax.This():
            return scope.focus
        case syntax.Negation():
            return operators.negation(_operand(node.operand, scope), scope, node.position)
        case syntax.Operation():
            left, right = _operand(node.left, scope), _operand(node.right, scope)
            return operators.operation(node.operator, left, right, scope, node.position)


def literal(value: str | bool | int | Decimal, type_: str, decimal: Scalar = Scalar.DECIMAL) -> Value:
    """A constant of a FHIR primitive type."""
    scalar = SCALARS[type_]
    if scalar is Scalar.DECIMAL:
        scalar, value = (decimal if decimal is Scalar.DOUBLE else scalar), Decimal(value)
    return Value(tree.Literal(value, scalar), type_)


def _operand(node: syntax.Syntax, scope: Scope) -> Value:
    return navigation.resolved(evaluate(node, scope.numeric), node.position)


def _name(node: syntax.Name, scope: Scope) -> Value:
    if node.base is not None:
        return navigation.element(evaluate(node.base, scope), node.name, scope, node.position)
    if node.name == scope.focus.type and r4.kind(node.name) == "resource":
        return scope.focus
    return navigation.element(scope.focus, node.name, scope, node.position)


def _call(node: syntax.Call, scope: Scope) -> Value:
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise UnknownElementError(
            f"no function '{node.name}()'", node.position, nearest(node.name, FUNCTIONS)
        )
    if len(node.arguments) not in function.arity:
        counts = " or ".join(str(count) for count in function.arity)
        raise PathTypeError(
            f"{node.name}() takes {counts} arguments, not {len(node.arguments)}", node.position
        )
    return function.apply(Invocation(node, scope, evaluate))


def _index(node: syntax.Index, scope: Scope) -> Value:
    base = navigation.resolved(evaluate(node.base, scope), node.position)
    index = _operand(node.index, scope)
    if index.node.type is not Scalar.LONG:
        raise PathTypeError(f"an index is a single integer, not a {index.type}", node.position)
    return Value(tree.ItemAt(as_list(base.node), index.node), base.type)


def _environment(node: syntax.Environment, scope: Scope) -> Value:
    if node.name == "rowIndex":
        return Value(scope.row_index, "integer")
    if node.name in ("context", "resource"):
        return scope.resource
    constant = scope.constants.get(node.name)
    if constant is None:
        near = nearest(node.name, [*scope.constants, *ENVIRONMENT])
        raise UnknownElementError(f"no constant '%{node.name}'", node.position, near)
    if constant.node.type is Scalar.DECIMAL and isinstance(constant.node, tree.Literal):
        return literal(constant.node.value, constant.type, scope.decimal)
    return constant
