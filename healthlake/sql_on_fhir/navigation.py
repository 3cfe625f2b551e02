"""From a value to its elements: what the R4 table allows, and which JSON property it is read from.

A null inside an array of primitives is no item: FHIR has it there to align a value with its extensions.
Inside an array of objects FHIR allows none and none is looked for (dropping them cost 30 % of a view's time).
A bare choice element (`value`) has no type, so only ofType(), exists() and empty() take it.
"""

from __future__ import annotations

from collections.abc import Callable

from healthlake import r4
from healthlake.r4 import Element
from healthlake.sql_on_fhir import tree
from healthlake.sql_on_fhir.errors import PathTypeError, UnknownElementError, nearest
from healthlake.sql_on_fhir.scope import Scope, Value, as_list
from healthlake.sql_on_fhir.types import SCALARS, ListType, Property, Scalar, Shape, ValueType


def element(base: Value, name: str, scope: Scope, position: int) -> Value:
    """`base.name`."""
    found = _known_element(base, name, position)
    if found.is_choice:
        return Value(base.node, base.type, choice=found)
    return read(base, name, found.types[0], found.is_list, scope, position)


def of_type(value: Value, type_: str, scope: Scope, position: int) -> Value:
    """`value.ofType(type)`: the variant of a choice, or the value itself where it has that type anyway."""
    if value.choice:
        if type_ not in value.choice.types:
            near = nearest(type_, value.choice.types)
            message = f"{value.type}.{value.choice.name}[x] is never a {type_}"
            raise UnknownElementError(message, position, near or value.choice.types[:3])
        base = Value(value.node, value.type)
        return read(base, value.choice.json_name(type_), type_, value.choice.is_list, scope, position)
    if value.type != type_:
        raise PathTypeError(f"a {value.type} is never a {type_}", position)
    return value


def resolved(value: Value, position: int) -> Value:
    """The value, if it isn't a choice whose type is still open."""
    if value.choice:
        types = ", ".join(value.choice.types[:4]) + (", …" if len(value.choice.types) > 4 else "")
        message = f"{value.type}.{value.choice.name}[x] has a choice of types: add .ofType(), one of {types}"
        raise PathTypeError(message, position)
    return value


def read(base: Value, json_name: str, type_: str, is_list: bool, scope: Scope, position: int) -> Value:
    """The JSON property of an object or of each object in a list, one flat list where either is many."""
    item: ValueType
    property_ = _shape(base, position).property(json_name, is_list=is_list)
    primitive = r4.kind(type_) == "primitive"
    if primitive:
        item = property_.as_scalar(scope.decimal if type_ == "decimal" else SCALARS[type_])
    elif r4.kind(type_) == "complex":
        item = property_.as_object()
    else:
        raise PathTypeError(f"{base.type}.{json_name} holds resources, which views don't look into", position)
    node = _fields(base, json_name, item, property_, scope)
    if tree.is_list(node) and (primitive or not is_list):
        node = tree.Compact(node)
    return Value(node, type_, origin=(base, json_name, is_list) if primitive else None)


def read_json(base: Value, name: str, scope: Scope, position: int) -> tree.Node:
    """The values of `base.name` as JSON text, each item of a list on its own."""
    found = _known_element(base, name, position)
    property_ = _shape(base, position).property(name, is_list=found.is_list)
    return as_list(_fields(base, name, property_.as_scalar(Scalar.JSON), property_, scope))


def companion(value: Value, scope: Scope, position: int) -> Value:
    """The object beside a primitive that holds its id and extensions: `_birthDate` for `birthDate`."""
    if value.origin is None:
        message = f"a {value.type} has its extensions beside it in JSON: ask right after the element's name"
        raise PathTypeError(message, position)
    base, json_name, is_list = value.origin
    return read(base, f"_{json_name}", "Element", is_list, scope, position)


def mapped(base: Value, scope: Scope, body: Callable[[tree.Node], tree.Node]) -> tree.Node:
    """`body` of a single value, or of each item of a list, flattened where the body gives lists."""
    if not base.is_list:
        return body(base.node)
    variable, _ = scope.item_of(base)
    node = tree.Map(base.node, variable, body(variable))
    return tree.Flatten(node) if tree.is_list(node.body) else node


def _known_element(base: Value, name: str, position: int) -> Element:
    found = r4.element(resolved(base, position).type, name)
    if found is not None:
        return found
    _shape(base, position)
    known = r4.elements(base.type)
    # JSON's name of a choice is no FHIRPath name, but the first that comes to mind.
    variants = {
        e.json_name(t): f"{e.name}.ofType({t})" for e in known.values() if e.is_choice for t in e.types
    }
    near = (variants[name],) if name in variants else nearest(name, known)
    raise UnknownElementError(f"{base.type} has no element '{name}'", position, near)


def _shape(base: Value, position: int) -> Shape:
    if base.shape is None:
        raise PathTypeError(f"a {base.type} is a primitive and has no elements", position)
    return base.shape


def _fields(base: Value, name: str, item: ValueType, property_: Property, scope: Scope) -> tree.Node:
    type_ = ListType(item) if property_.is_list else item
    return mapped(base, scope, lambda one: tree.Field(one, name, type_, property_))
