"""`repeat`: an element, and everything below it that the same paths reach, in document order.

The paths lead from an item to items of its own type, so one level's code serves all: what the paths reach is
kept as JSON text and parsed when its level has its turn. (Nesting the levels' types instead doubles them per
level where there are two paths: 0.7 s to plan at depth 8.) Items below DEPTH are left out, which is a
violation. Only paths of element names (`item`, `answer.item`) can be repeated; what a function gives
couldn't be kept as text.
"""

from __future__ import annotations

from collections.abc import Sequence

from healthlake import r4
from healthlake.sql_on_fhir import navigation, syntax, tree
from healthlake.sql_on_fhir.errors import PathTypeError, UnknownElementError, nearest
from healthlake.sql_on_fhir.functions import exists
from healthlake.sql_on_fhir.scope import Scope, Value
from healthlake.sql_on_fhir.types import ListType, Scalar, Shape

# Levels below the first. The SQL grows by one schema a level; deeper questionnaires weren't seen.
DEPTH = 10

Steps = tuple[str, ...]


def steps_of(path: str) -> Steps:
    """The element names of a path. UnknownElementError for a name that no R4 type has: a path need not fit
    the focus, so nothing else would tell a misspelt one."""
    steps = _steps(syntax.parse(path))
    known = r4.element_names()
    for step in steps:
        if step not in known:
            raise UnknownElementError(
                f"no type of R4 has an element '{step}'", path.index(step), nearest(step, known)
            )
    return steps


def descendants(routes: Sequence[Steps], scope: Scope) -> Repeated | None:
    """What the routes reach from the focus, from there again, and so on, as one list.

    None where no route fits the focus: the spec's suite wants no rows then, not an error.
    """
    reached = {type_ for steps in routes if (type_ := _reached(scope.focus.type, steps))}
    if not reached:
        return None
    type_ = min(reached)
    again = {type_ for steps in routes for item in reached if (type_ := _reached(item, steps))}
    if len(reached | again) > 1:
        raise PathTypeError(
            f"the repeated paths reach different types: {', '.join(sorted(reached | again))}", 0
        )
    return Repeated(routes, type_, Shape(rewritten=True), scope)


class Repeated:
    """The items that the routes reach from a scope's focus."""

    def __init__(self, routes: Sequence[Steps], type_: str, shape: Shape, scope: Scope) -> None:
        self._routes = routes
        self._type = type_
        self._shape = shape
        self._scope = scope

    def items(self) -> Value:
        """All of them, each before its own children."""
        return Value(self._below(self._scope.focus, DEPTH, marked=False), self._type)

    def marked_items(self) -> tree.Node:
        """The same as rows: `item`, and whether it is `cut`, with children below DEPTH that are left out."""
        return self._below(self._scope.focus, DEPTH, marked=True)

    def unmarked(self, row: tree.Node) -> tuple[Value, tree.Node]:
        """The item in one of the marked rows, and whether it is cut."""
        item = tree.Field(row, "item", self._shape, None)
        return Value(item, self._type), tree.Field(row, "cut", Scalar.BOOLEAN, None)

    def _below(self, value: Value, depth: int, *, marked: bool) -> tree.Node:
        text = self._scope.variable(Scalar.JSON)
        items = tree.Map(self._children(value), text, tree.Parse(text, self._shape))
        variable = self._scope.variable(self._shape)
        item = Value(variable, self._type)
        deeper = any(_reached(self._type, steps) for steps in self._routes)
        itself: tree.Node = variable
        if marked:
            cut = exists(self._children(item)) if deeper and depth == 0 else tree.FALSE
            itself = tree.Row((("item", variable), ("cut", cut)))
        body: tree.Node = tree.Items((itself,), ListType(itself.type))
        if deeper and depth > 0:
            body = tree.Concat((body, self._below(item, depth - 1, marked=marked)))
        return tree.Flatten(tree.Map(items, variable, body))

    def _children(self, value: Value) -> tree.Node:
        """What the paths reach from a value, as JSON texts."""
        routes = [steps for steps in self._routes if _reached(value.type, steps)]
        lists = tuple(self._texts(value, steps) for steps in routes)
        return tree.Concat(lists) if len(lists) > 1 else lists[0]

    def _texts(self, value: Value, steps: Steps) -> tree.Node:
        for step in steps[:-1]:
            value = navigation.element(value, step, self._scope, 0)
        return navigation.read_json(value, steps[-1], self._scope, 0)


def _steps(path: syntax.Syntax) -> Steps:
    match path:
        case syntax.Name(base=None, name=name):
            return (name,)
        case syntax.Name(base=syntax.Name() as base, name=name):
            return (*_steps(base), name)
        case _:
            raise PathTypeError("repeat takes paths of element names only, as in answer.item", path.position)


def _reached(type_: str, steps: Steps) -> str | None:
    """The type that a path leads to, None where it leads nowhere."""
    for step in steps:
        found = r4.element(type_, step)
        if found is None or found.is_choice:
            return None
        type_ = found.types[0]
    return type_
