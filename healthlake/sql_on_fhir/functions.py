"""The functions of the FHIRPath subset: a table from name to what it takes and what it makes.

`join`, `lowBoundary` and `highBoundary` are experimental in SQL on FHIR v2; the others are required of
shareable views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from healthlake import r4
from healthlake.sql_on_fhir import boundaries, navigation, operators, syntax, tree
from healthlake.sql_on_fhir.errors import PathTypeError, UnknownElementError, nearest
from healthlake.sql_on_fhir.scope import Scope, Value, as_list
from healthlake.sql_on_fhir.types import Scalar

# RE2 takes 0.6 microseconds a row for these; 2.6 with {1,64} for an id, 0.8 with any text before the type.
_SERVER = "https?://[^#?]+/"
_ID = "([A-Za-z0-9.-]+)(?:/_history/[A-Za-z0-9.-]+)?"


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call in a scope. `evaluate` is the compiler's own, given so that arguments can be compiled in another
    focus."""

    call: syntax.Call
    scope: Scope
    evaluate: Callable[[syntax.Syntax, Scope], Value]

    @property
    def position(self) -> int:
        return self.call.position

    @property
    def base(self) -> Value:
        """What the function is called on; may be a choice."""
        return self.evaluate(self.call.base, self.scope) if self.call.base is not None else self.scope.focus

    @property
    def input(self) -> Value:
        """What the function is called on, its type known."""
        return navigation.resolved(self.base, self.position)

    def text(self, number: int) -> str:
        """An argument that must be a text known at compile time."""
        argument = self.call.arguments[number]
        node = self.evaluate(argument, self.scope).node
        if isinstance(node, tree.Literal) and isinstance(node.value, str):
            return node.value
        raise PathTypeError(f"{self.call.name}() needs a text literal or constant", argument.position)

    def type_name(self, number: int) -> str:
        """An argument that names a type: `Quantity` or `FHIR.Quantity`."""
        match self.call.arguments[number]:
            case syntax.Name(base=None | syntax.Name(base=None, name="FHIR"), name=name):
                return name
            case argument:
                raise PathTypeError(f"{self.call.name}() needs the name of a type", argument.position)


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes, and how it is compiled."""

    arity: tuple[int, ...]
    apply: Callable[[Invocation], Value]


def exists(node: tree.Node) -> tree.Node:
    """Whether there is any value: true or false, never NULL."""
    match node:
        case _ if tree.is_list(node):
            return tree.Compare(">", tree.Size(node), tree.number(0))
        case tree.Resource():
            return tree.TRUE
        case tree.Case(branches=((condition, value),), otherwise=None):
            return tree.Case(((condition, exists(value)),), tree.FALSE)
        case _:
            return tree.Not(tree.IsNull(node))


def _any(invocation: Invocation) -> tree.Node:
    """exists() of what the function is called on; of a choice element, whether any of its variants exists."""
    value = invocation.base
    if value.choice is None:
        return exists(value.node)
    scope, position = invocation.scope, invocation.position
    variants = (navigation.of_type(value, type_, scope, position) for type_ in value.choice.types)
    return tree.Logic("or", tuple(exists(variant.node) for variant in variants))


def _where(invocation: Invocation) -> Value:
    value, criteria = invocation.input, invocation.call.arguments[0]
    scope, position = invocation.scope.numeric, criteria.position
    if not value.is_list:
        focused = scope.focused(value)
        condition = operators.boolean(invocation.evaluate(criteria, focused), focused, position)
        return Value(tree.Case(((condition, value.node),)), value.type)
    variable, item = scope.item_of(value)
    focused = scope.focused(item)
    condition = operators.boolean(invocation.evaluate(criteria, focused), focused, position)
    return Value(tree.Filter(value.node, variable, condition), value.type)


def _exists(invocation: Invocation) -> Value:
    found = exists(_where(invocation).node) if invocation.call.arguments else _any(invocation)
    return Value(found, "boolean")


def _empty(invocation: Invocation) -> Value:
    return Value(tree.Not(_any(invocation)), "boolean")


def _first(invocation: Invocation) -> Value:
    value = invocation.input
    return Value(tree.ItemAt(value.node, tree.number(0)), value.type) if value.is_list else value


def _of_type(invocation: Invocation) -> Value:
    position = invocation.call.arguments[0].position
    return navigation.of_type(invocation.base, invocation.type_name(0), invocation.scope, position)


def _extension(invocation: Invocation) -> Value:
    value, url = invocation.input, invocation.text(0)
    if value.shape is None:
        value = navigation.companion(value, invocation.scope, invocation.position)
    extensions = navigation.element(value, "extension", invocation.scope, invocation.position)
    variable, item = invocation.scope.item_of(extensions)
    its_url = navigation.element(item, "url", invocation.scope, invocation.position).node
    condition = tree.Compare("=", its_url, tree.Literal(url, Scalar.TEXT))
    return Value(tree.Filter(extensions.node, variable, condition), "Extension")


def _join(invocation: Invocation) -> Value:
    value = invocation.input
    if tree.item_type(value.node) is not Scalar.TEXT:
        raise PathTypeError(f"join() takes texts, not a {value.type}", invocation.position)
    separator = invocation.text(0) if invocation.call.arguments else ""
    items = as_list(value.node)
    return Value(tree.Join(items.items if isinstance(items, tree.Compact) else items, separator), "string")


def _not(invocation: Invocation) -> Value:
    operand = operators.boolean(invocation.input, invocation.scope, invocation.position)
    return Value(tree.Not(operand), "boolean")


def _resource_key(invocation: Invocation) -> Value:
    if not isinstance(invocation.input.node, tree.Resource):
        raise PathTypeError(
            "getResourceKey() is for the resource: %resource.getResourceKey()", invocation.position
        )
    return replace(
        navigation.element(invocation.input, "id", invocation.scope, invocation.position), type="string"
    )


def _reference_key(invocation: Invocation) -> Value:
    """The id in a literal reference, relative or absolute, versioned or not. A `urn:uuid:` has a key only
    where no type is asked for, since it names none; contained (`#x`), conditional and logical references have
    none."""
    value = invocation.input
    if value.type != "Reference":
        raise PathTypeError(f"getReferenceKey() is for a Reference, not a {value.type}", invocation.position)
    if invocation.call.arguments:
        type_, known = invocation.type_name(0), r4.types("resource")
        if type_ not in known:
            position = invocation.call.arguments[0].position
            raise UnknownElementError(f"R4 has no resource '{type_}'", position, nearest(type_, known))
        pattern = f"^(?:{_SERVER})?{type_}/{_ID}$"
    else:
        pattern = f"^(?:urn:uuid:|[A-Z][A-Za-z]+/|{_SERVER}[A-Z][A-Za-z]+/){_ID}$"
    reference = navigation.element(value, "reference", invocation.scope, invocation.position)
    node = navigation.mapped(reference, invocation.scope, lambda one: tree.Extract(one, pattern))
    return Value(tree.Compact(node) if tree.is_list(node) else node, "string")


def _boundary(low: bool) -> Callable[[Invocation], Value]:
    def apply(invocation: Invocation) -> Value:
        # A decimal's boundaries depend on how many digits it states, so it is read as text here.
        scope = replace(invocation.scope, decimal=Scalar.TEXT)
        value = replace(invocation, scope=scope).input
        text = scope.single(value)
        if value.type not in boundaries.BOUNDARIES or text.type is not Scalar.TEXT:
            raise PathTypeError(
                f"{invocation.call.name}() can't be asked of this {value.type}", invocation.position
            )
        node = boundaries.BOUNDARIES[value.type](text, low)
        wanted = invocation.scope.decimal
        if value.type == "decimal" and wanted is not node.type:
            node = tree.Cast(node, wanted)
        return Value(node, value.type)

    return apply


FUNCTIONS: Mapping[str, Function] = {
    "empty": Function((0,), _empty),
    "exists": Function((0, 1), _exists),
    "extension": Function((1,), _extension),
    "first": Function((0,), _first),
    "getReferenceKey": Function((0, 1), _reference_key),
    "getResourceKey": Function((0,), _resource_key),
    "highBoundary": Function((0,), _boundary(low=False)),
    "join": Function((0, 1), _join),
    "lowBoundary": Function((0,), _boundary(low=True)),
    "not": Function((0,), _not),
    "ofType": Function((1,), _of_type),
    "where": Function((1,), _where),
}
