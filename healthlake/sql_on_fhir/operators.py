"""Operators of the FHIRPath subset over typed values: logic, comparison, arithmetic.

Numbers of two types meet in the wider one (integer, decimal, double). Dates and times compare as FHIRPath
says: two instants as points in time, anything else by the parts that both state; if those are equal and one
states more, the answer is empty. `=` of a list with another number of items than one is false; every other
operator takes single values.
"""

from __future__ import annotations

from decimal import Decimal

from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.errors import PathTypeError
from healthlake.sql_on_fhir.scope import Scope, Value
from healthlake.sql_on_fhir.types import Scalar

_NUMBERS = (Scalar.LONG, Scalar.DECIMAL, Scalar.DOUBLE)
_TIMED = frozenset({"dateTime", "instant"})
_DATES = _TIMED | {"date"}
_TIMES = _DATES | {"time"}
_ORDERINGS = frozenset({"<", "<=", ">", ">="})


def operation(operator: str, left: Value, right: Value, scope: Scope, position: int) -> Value:
    """`left operator right`; PathTypeError where the types don't fit."""
    if operator in ("and", "or"):
        operands = (boolean(left, scope, position), boolean(right, scope, position))
        return Value(tree.Logic(operator, operands), "boolean")
    if operator in ("=", "!="):
        return Value(_equality(operator, left, right, scope, position), "boolean")
    one, other = Value(scope.single(left), left.type), Value(scope.single(right), right.type)
    if operator in _ORDERINGS:
        return Value(_comparison(operator, one, other, position), "boolean")
    return _arithmetic(operator, one, other, position)


def boolean(value: Value, scope: Scope, position: int) -> tree.Node:
    """A condition: the value must be a boolean, and single."""
    if value.type != "boolean" or value.choice:
        raise PathTypeError(f"a condition is needed, not {value.type}; exists() makes one", position)
    return scope.single(value)


def negation(operand: Value, scope: Scope, position: int) -> Value:
    """`-operand`."""
    match operand.node:
        case tree.Literal(int() | Decimal() as value, scalar) if scalar in _NUMBERS:
            return Value(tree.Literal(-value, scalar), operand.type)
        case _:
            return operation("-", Value(tree.number(0), "integer"), operand, scope, position)


def _equality(operator: str, left: Value, right: Value, scope: Scope, position: int) -> tree.Node:
    if left.is_list and right.is_list:
        raise PathTypeError(f"'{operator}' has a list on either side; first() picks one value", position)
    if not left.is_list and not right.is_list:
        return _comparison(operator, left, right, position)
    items = left if left.is_list else right
    item = Value(tree.ItemAt(items.node, tree.number(0)), items.type)
    one, other = (item, right) if left.is_list else (left, item)
    single = other.node if left.is_list else one.node
    size = tree.Size(items.node)
    some = tree.Logic("and", (tree.Compare(">", size, tree.number(1)), tree.Not(tree.IsNull(single))))
    differs = tree.Literal(operator == "!=", Scalar.BOOLEAN)
    return tree.Case(((some, differs),), _comparison(operator, one, other, position))


def _comparison(operator: str, left: Value, right: Value, position: int) -> tree.Node:
    types = {left.type, right.type}
    if types <= _DATES or types == {"time"}:
        return _compare_times(operator, left, right)
    one, other = _alike(left, right)
    comparable = isinstance(one.type, Scalar) and one.type is other.type
    if operator in _ORDERINGS:
        comparable = comparable and one.type is not Scalar.BOOLEAN
    if not comparable or ("time" in types and types & _DATES):
        raise PathTypeError(f"'{operator}' can't compare {left.type} with {right.type}", position)
    return tree.Compare(operator, one, other)


def _arithmetic(operator: str, left: Value, right: Value, position: int) -> Value:
    one, other = _alike(left, right)
    if operator == "+" and one.type is other.type is Scalar.TEXT and not {left.type, right.type} & _TIMES:
        return Value(tree.Text((one, other)), "string")
    if one.type not in _NUMBERS or other.type != one.type:
        raise PathTypeError(f"'{operator}' needs two numbers, not {left.type} and {right.type}", position)
    if operator == "/" and one.type is Scalar.LONG:
        one, other = _cast(one, Scalar.DECIMAL), _cast(other, Scalar.DECIMAL)
    type_ = "integer" if one.type is Scalar.LONG else "decimal"
    return Value(tree.Arithmetic(operator, one, other), type_)


def _alike(left: Value, right: Value) -> tuple[tree.Node, tree.Node]:
    """Both nodes, numbers as the wider of their two types."""
    one, other = left.node, right.node
    for wider in (Scalar.DOUBLE, Scalar.DECIMAL):
        if one.type in _NUMBERS and other.type in _NUMBERS and wider in (one.type, other.type):
            return _cast(one, wider), _cast(other, wider)
    return one, other


def _cast(node: tree.Node, scalar: Scalar) -> tree.Node:
    return node if node.type is scalar else tree.Cast(node, scalar)


def _compare_times(operator: str, left: Value, right: Value) -> tree.Node:
    one, other = (_with_fraction(v.node) if v.type == "time" else v.node for v in (left, right))
    length, other_length = tree.Length(one), tree.Length(other)
    shared = tree.Case(((tree.Compare("<", length, other_length), length),), other_length)
    start, other_start = (tree.Substring(node, tree.number(0), shared) for node in (one, other))
    branches: list[tuple[tree.Node, tree.Node]] = [
        (tree.Compare("!=", start, other_start), tree.Compare(operator, start, other_start)),
        (tree.Compare("=", length, other_length), tree.Compare(operator, one, other)),
    ]
    if left.type in _TIMED and right.type in _TIMED:
        instant, other_instant = tree.ToInstant(one), tree.ToInstant(other)
        both = tree.Logic("and", (tree.Not(tree.IsNull(instant)), tree.Not(tree.IsNull(other_instant))))
        branches.insert(0, (both, tree.Compare(operator, instant, other_instant)))
    return tree.Case(tuple(branches))


def _with_fraction(time: tree.Node) -> tree.Node:
    """`12:34:56` -> `12:34:56.000000000`: seconds and their fraction are one precision."""
    tail = tree.Substring(tree.Literal("00:00:00.000000000", Scalar.TEXT), tree.Length(time))
    whole = tree.Compare(">=", tree.Length(time), tree.number(8))
    return tree.Case(((whole, tree.Text((time, tail))),), time)
