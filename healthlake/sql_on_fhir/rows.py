"""From a view's selects to one typed expression: the list of rows of one resource.

A select gives either exactly one row or a list of rows (`Part`). Siblings multiply, unionAll appends, forEach
maps. The result is a single tree, so an engine parses a resource once and unnests once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from healthlake.sql_on_fhir import operators, tree
from healthlake.sql_on_fhir.columns import ViewColumn, compile_column, describe
from healthlake.sql_on_fhir.errors import PathError, ViewDefinitionError
from healthlake.sql_on_fhir.expressions import compile_path, literal
from healthlake.sql_on_fhir.functions import exists
from healthlake.sql_on_fhir.repeat import Steps, descendants, steps_of
from healthlake.sql_on_fhir.scope import Scope, Value
from healthlake.sql_on_fhir.types import ListType, RowType, Scalar, Shape
from healthlake.sql_on_fhir.view import Select, ViewDefinition


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a select: `node` is a Row where it always gives exactly one, else a list of rows."""

    columns: tuple[ViewColumn, ...]
    node: tree.Node

    @property
    def as_list(self) -> tree.Node:
        if isinstance(self.node, tree.Row):
            return tree.Items((self.node,), ListType(self.node.type))
        return self.node


@dataclass(frozen=True, slots=True)
class CompiledRows:
    """A view's columns, the list of rows that it makes of one resource, and what it reads of the resource."""

    columns: tuple[ViewColumn, ...]
    rows: tree.Node
    shape: Shape


def compile_rows(view: ViewDefinition) -> CompiledRows:
    """The rows of a view; none for a resource of another type or one that the view's `where` refuses."""
    shape = Shape()
    resource = Value(tree.Resource(shape), view.resource)
    constants = {name: literal(value, type_) for name, (type_, value) in view.constants.items()}
    scope = Scope(resource, resource, constants, f"view '{view.name}'")
    part = _Compiler(view).product(view.select, (), scope)
    _check_names(part.columns, view.name)
    property_ = shape.property("resourceType", is_list=False)
    its_type = tree.Field(resource.node, "resourceType", property_.as_scalar(Scalar.TEXT), property_)
    conditions = [tree.Compare("=", its_type, tree.Literal(view.resource, Scalar.TEXT)), *_where(view, scope)]
    condition = tree.Logic("and", tuple(conditions)) if len(conditions) > 1 else conditions[0]
    return CompiledRows(part.columns, tree.Case(((condition, part.as_list),)), shape)


def _where(view: ViewDefinition, scope: Scope) -> list[tree.Node]:
    conditions: list[tree.Node] = []
    for number, path in enumerate(view.where):
        try:
            scope = replace(scope, place=f"view '{view.name}', where[{number}]")
            conditions.append(operators.boolean(compile_path(path, scope), scope, 0))
        except PathError as error:
            raise error.within(view.name, f"where[{number}]", path) from None
    return conditions


def _check_names(columns: Sequence[ViewColumn], view: str) -> None:
    if not columns:
        raise ViewDefinitionError("the view has no columns", view=view)
    # SQL engines compare column names without case.
    seen: set[str] = set()
    for column in columns:
        if column.name.lower() in seen:
            raise ViewDefinitionError("the name is taken", view=view, location=f"column '{column.name}'")
        seen.add(column.name.lower())


class _Compiler:
    def __init__(self, view: ViewDefinition) -> None:
        self._view = view

    def product(self, selects: Sequence[Select], before: Sequence[Part], scope: Scope) -> Part:
        """Every combination of the rows of sibling parts, columns in their order."""
        parts = [*before, *(self._select(select, scope) for select in selects)]
        if len(parts) == 1:
            return parts[0]
        lists: list[tuple[tree.Node, tree.Variable]] = []
        fields: list[tuple[str, tree.Node]] = []
        for part in parts:
            if isinstance(part.node, tree.Row):
                fields.extend(part.node.fields)
                continue
            row = scope.variable(tree.item_type(part.node))
            lists.append((part.node, row))
            fields.extend((c.name, tree.Field(row, c.name, c.value_type, None)) for c in part.columns)
        node: tree.Node = tree.Row(tuple(fields))
        for rows, row in reversed(lists):
            mapped = tree.Map(rows, row, node)
            node = tree.Flatten(mapped) if tree.is_list(node) else mapped
        return Part(tuple(column for part in parts for column in part.columns), node)

    def _select(self, select: Select, scope: Scope) -> Part:
        if select.for_each is not None:
            return self._for_each(select, self._path(select, "forEach", select.for_each, scope), scope)
        if select.for_each_or_null is not None:
            focus = self._path(select, "forEachOrNull", select.for_each_or_null, scope)
            part = self._for_each(select, focus, scope)
            nulls = tree.Row(tuple((column.name, column.null) for column in part.columns))
            one_row = tree.Items((nulls,), ListType(nulls.type))
            return Part(part.columns, tree.Case(((exists(focus.node), part.node),), one_row))
        if select.repeat:
            return self._repeat(select, scope)
        return self._body(select, scope)

    def _path(self, select: Select, key: str, path: str, scope: Scope) -> Value:
        try:
            return compile_path(path, replace(scope, place=f"{scope.place}, {select.location}.{key}"))
        except PathError as error:
            raise error.within(self._view.name, f"{select.location}.{key}", path) from None

    def _body(self, select: Select, scope: Scope) -> Part:
        """What a select gives for one focus: columns, nested selects, unionAll."""
        parts: list[Part] = []
        if select.columns:
            compiled = [compile_column(self._view.name, column, scope) for column in select.columns]
            row = tree.Row(tuple((column.name, node) for column, node in compiled))
            parts.append(Part(tuple(column for column, _ in compiled), row))
        parts.extend(self._select(nested, scope) for nested in select.selects)
        if select.union_all:
            parts.append(self._union(select, scope))
        if not parts:
            message = "a select needs column, select or unionAll"
            raise ViewDefinitionError(message, view=self._view.name, location=select.location)
        return self.product((), parts, scope)

    def _union(self, select: Select, scope: Scope) -> Part:
        parts = [self._select(branch, scope) for branch in select.union_all]
        signatures = [[(c.name, c.scalar, c.collection) for c in part.columns] for part in parts]
        for number, signature in enumerate(signatures):
            if signature != signatures[0]:
                location = f"{select.location}.unionAll[{number}]"
                message = f"gives {_listed(parts[number])}; the first branch gives {_listed(parts[0])}"
                raise ViewDefinitionError(message, view=self._view.name, location=location)
        return Part(parts[0].columns, tree.Concat(tuple(part.as_list for part in parts)))

    def _for_each(self, select: Select, focus: Value, scope: Scope) -> Part:
        if focus.is_list:
            return self._each(select, focus, scope)
        # A single focus needs no list: its rows are given where it exists.
        match focus.node:
            case tree.Case(branches=((_, value),), otherwise=None):
                inner = Value(value, focus.type)
            case _:
                inner = focus
        part = self._body(select, scope.focused(inner, tree.number(0)))
        return Part(part.columns, tree.Case(((exists(focus.node), part.as_list),)))

    def _each(self, select: Select, items: Value, scope: Scope) -> Part:
        variable, item = scope.item_of(items)
        index = scope.index()
        part = self._body(select, scope.focused(item, index))
        used = index if index in tree.walk(part.node) else None
        rows = tree.Map(items.node, variable, part.node, used)
        return Part(part.columns, tree.Flatten(rows) if tree.is_list(part.node) else rows)

    def _repeat(self, select: Select, scope: Scope) -> Part:
        location = f"{select.location}.repeat"
        path = ""
        try:
            routes: list[Steps] = []
            for path in select.repeat:
                routes.append(steps_of(path))
            items = descendants(routes, replace(scope, place=f"{scope.place}, {location}"))
        except PathError as error:
            raise error.within(self._view.name, location, path) from None
        if items is None:
            columns = self._declared(select)
            row = RowType(tuple((column.name, column.value_type) for column in columns))
            return Part(columns, tree.Null(ListType(row)))
        return self._each(select, items, scope)

    def _declared(self, select: Select) -> tuple[ViewColumn, ...]:
        """The columns of a select by what it declares alone, for one that can have no rows."""
        columns = [describe(self._view.name, column, None) for column in select.columns]
        for nested in (*select.selects, *select.union_all[:1]):
            columns.extend(self._declared(nested))
        return tuple(columns)


def _listed(part: Part) -> str:
    kinds = (f"{c.scalar.value}{' collection' * c.collection}" for c in part.columns)
    return ", ".join(f"{c.name} {kind}" for c, kind in zip(part.columns, kinds, strict=True))
