"""From a view's selects to one typed expression: the list of rows of one resource.

A select gives either exactly one row or a list of rows (`Part`). Siblings multiply, unionAll appends, forEach
maps. The result is a single tree, so an engine parses a resource once and unnests once.

With violations asked for, each row has them as its last field. What is violated in `where`, in the path of an
iteration or by the depth of a repeat has no column to be NULL in: it comes as a row of its own beside the
others, its columns NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from healthlake.sql_on_fhir import operators, tree, violations
from healthlake.sql_on_fhir.columns import ViewColumn, compile_column, describe
from healthlake.sql_on_fhir.errors import PathError, ViewDefinitionError
from healthlake.sql_on_fhir.expressions import compile_path, literal
from healthlake.sql_on_fhir.functions import exists
from healthlake.sql_on_fhir.repeat import DEPTH, Repeated, Steps, descendants, steps_of
from healthlake.sql_on_fhir.scope import Scope, Value
from healthlake.sql_on_fhir.types import ListType, RowType, Scalar, Shape, ValueType
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


def compile_rows(view: ViewDefinition, violations_name: str | None = None) -> CompiledRows:
    """The rows of a view; none for a resource of another type or one that the view's `where` refuses."""
    shape = Shape()
    resource = Value(tree.Resource(shape), view.resource)
    constants = {name: literal(value, type_) for name, (type_, value) in view.constants.items()}
    scope = Scope(resource, resource, constants, "")
    compiler = _Compiler(view, violations_name)
    part = compiler.product([compiler.select(select, scope) for select in view.select], scope)
    _check_names(part.columns, view.name)
    property_ = shape.property("resourceType", is_list=False)
    its_type = tree.Field(resource.node, "resourceType", property_.as_scalar(Scalar.TEXT), property_)
    right_type = tree.Compare("=", its_type, tree.Literal(view.resource, Scalar.TEXT))
    rows = compiler.filtered(part, scope)
    match rows:
        case tree.Case(branches=((condition, value),), otherwise=None):
            rows = tree.Case(((tree.Logic("and", (right_type, condition)), value),))
        case _:
            rows = tree.Case(((right_type, rows),))
    return CompiledRows(part.columns, rows, shape)


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
    def __init__(self, view: ViewDefinition, violations_name: str | None) -> None:
        self._view = view
        self._violations = violations_name

    def filtered(self, part: Part, scope: Scope) -> tree.Node:
        """The rows where the view's conditions are met, and what is violated by these."""
        conditions: list[tree.Node] = []
        rows = part.as_list
        for number, path in enumerate(self._view.where):
            place = f"where[{number}]"
            try:
                placed = replace(scope, place=place)
                conditions.append(operators.boolean(compile_path(path, placed), placed, 0))
            except PathError as error:
                raise error.within(self._view.name, place, path) from None
        if conditions:
            condition = tree.Logic("and", tuple(conditions)) if len(conditions) > 1 else conditions[0]
            rows = tree.Case(((condition, rows),))
        for number, condition in enumerate(conditions):
            rows = self._with_own_row(Part(part.columns, rows), condition, f"where[{number}]").node
        return rows

    def product(self, parts: Sequence[Part], scope: Scope) -> Part:
        """Every combination of the rows of sibling parts, columns in their order."""
        if len(parts) == 1:
            return parts[0]
        lists: list[tuple[tree.Node, tree.Variable]] = []
        fields: list[tuple[str, tree.Node]] = []
        found: list[tree.Node] = []
        for part in parts:
            if isinstance(part.node, tree.Row):
                its = dict(part.node.fields)
            else:
                row = scope.variable(tree.item_type(part.node))
                lists.append((part.node, row))
                named = [(column.name, column.value_type) for column in part.columns]
                its = {name: tree.Field(row, name, type_, None) for name, type_ in self._types(named)}
            fields.extend((column.name, its[column.name]) for column in part.columns)
            if self._violations is not None:
                found.append(its[self._violations])
        node: tree.Node = self._row(fields, violations.joined(found))
        for rows, row in reversed(lists):
            mapped = tree.Map(rows, row, node)
            node = tree.Flatten(mapped) if tree.is_list(node) else mapped
        return Part(tuple(column for part in parts for column in part.columns), node)

    def select(self, select: Select, scope: Scope) -> Part:
        """The rows of one select in a scope."""
        if select.for_each is not None:
            focus = self._path(select, "forEach", select.for_each, scope)
            part = self._for_each(select, focus, scope)
            return self._with_own_row(part, focus.node, f"{select.location}.forEach")
        if select.for_each_or_null is not None:
            focus = self._path(select, "forEachOrNull", select.for_each_or_null, scope)
            part = self._for_each(select, focus, scope)
            one_row = self._null_rows(part.columns, violations.NONE)
            part = Part(part.columns, tree.Case(((exists(focus.node), part.as_list),), one_row))
            return self._with_own_row(part, focus.node, f"{select.location}.forEachOrNull")
        if select.repeat:
            return self._repeat(select, scope)
        return self._body(select, scope)

    def _types(self, columns: Sequence[tuple[str, ValueType]]) -> list[tuple[str, ValueType]]:
        """The fields of a row with these columns."""
        return [*columns, *([(self._violations, violations.TYPE)] if self._violations is not None else [])]

    def _row(self, columns: Sequence[tuple[str, tree.Node]], found: tree.Node) -> tree.Row:
        own = [(self._violations, found)] if self._violations is not None else []
        return tree.Row((*columns, *own))

    def _null_rows(self, columns: Sequence[ViewColumn], found: tree.Node) -> tree.Node:
        row = self._row([(column.name, column.null) for column in columns], found)
        return tree.Items((row,), ListType(row.type))

    def _with_own_row(self, part: Part, evaluated: tree.Node, place: str) -> Part:
        """A part, and a row for what its own path violates."""
        found = violations.found_in(evaluated, place) if self._violations is not None else {}
        if not found:
            return part
        row = self._null_rows(part.columns, violations.listed(found))
        own = tree.Case(((violations.happens(found), row),))
        return Part(part.columns, tree.Concat((part.as_list, own)))

    def _path(self, select: Select, key: str, path: str, scope: Scope) -> Value:
        try:
            return compile_path(path, replace(scope, place=f"{select.location}.{key}"))
        except PathError as error:
            raise error.within(self._view.name, f"{select.location}.{key}", path) from None

    def _body(self, select: Select, scope: Scope) -> Part:
        """What a select gives for one focus: columns, nested selects, unionAll."""
        parts: list[Part] = []
        if select.columns:
            compiled = [compile_column(self._view.name, column, scope) for column in select.columns]
            found: dict[str, tree.Node] = {}
            for column, node in compiled if self._violations is not None else ():
                found.update(violations.found_in(node, f"column '{column.name}'"))
            row = self._row([(column.name, node) for column, node in compiled], violations.listed(found))
            parts.append(Part(tuple(column for column, _ in compiled), row))
        parts.extend(self.select(nested, scope) for nested in select.selects)
        if select.union_all:
            parts.append(self._union(select, scope))
        if not parts:
            message = "a select needs column, select or unionAll"
            raise ViewDefinitionError(message, view=self._view.name, location=select.location)
        return self.product(parts, scope)

    def _union(self, select: Select, scope: Scope) -> Part:
        parts = [self.select(branch, scope) for branch in select.union_all]
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
        return Part(part.columns, _mapped(items.node, variable, part.node, index))

    def _repeat(self, select: Select, scope: Scope) -> Part:
        location = f"{select.location}.repeat"
        path = ""
        try:
            routes: list[Steps] = []
            for path in select.repeat:
                routes.append(steps_of(path))
            repeated = descendants(routes, replace(scope, place=location))
        except PathError as error:
            raise error.within(self._view.name, location, path) from None
        if repeated is None:
            columns = self._declared(select)
            fields = self._types([(column.name, column.value_type) for column in columns])
            return Part(columns, tree.Null(ListType(RowType(tuple(fields)))))
        if self._violations is None:
            return self._each(select, repeated.items(), scope)
        return self._marked_each(select, repeated, scope)

    def _marked_each(self, select: Select, repeated: Repeated, scope: Scope) -> Part:
        """The rows of a repeat, and one for each item whose children are left out."""
        marked = repeated.marked_items()
        variable, index = scope.variable(tree.item_type(marked)), scope.index()
        item, cut = repeated.unmarked(variable)
        part = self._body(select, scope.focused(item, index))
        found = {f"{select.location}.repeat: more than {DEPTH} levels": cut}
        own = tree.Case(((cut, self._null_rows(part.columns, violations.listed(found))),))
        rows = tree.Concat((part.as_list, own))
        return Part(part.columns, _mapped(marked, variable, rows, index))

    def _declared(self, select: Select) -> tuple[ViewColumn, ...]:
        """The columns of a select by what it declares alone, for one that can have no rows."""
        columns = [describe(self._view.name, column, None) for column in select.columns]
        for nested in (*select.selects, *select.union_all[:1]):
            columns.extend(self._declared(nested))
        return tuple(columns)


def _mapped(items: tree.Node, variable: tree.Variable, rows: tree.Node, index: tree.Index) -> tree.Node:
    """The rows of each item, a row or a list of them, as one list."""
    used = index if index in tree.walk(rows) else None
    mapped = tree.Map(items, variable, rows, used)
    return tree.Flatten(mapped) if tree.is_list(rows) else mapped


def _listed(part: Part) -> str:
    kinds = (f"{c.scalar.value}{' collection' * c.collection}" for c in part.columns)
    return ", ".join(f"{c.name} {kind}" for c, kind in zip(part.columns, kinds, strict=True))
