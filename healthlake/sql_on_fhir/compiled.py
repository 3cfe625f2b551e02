"""The compiler's front: ViewDefinition in, columns and SQL out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from healthlake.sql_on_fhir.columns import ViewColumn
from healthlake.sql_on_fhir.dialects import DIALECTS
from healthlake.sql_on_fhir.dialects.emitter import Emitter
from healthlake.sql_on_fhir.errors import UnknownDialectError, ViewDefinitionError
from healthlake.sql_on_fhir.rows import CompiledRows, compile_rows
from healthlake.sql_on_fhir.view import ViewDefinition, read_view


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a compiled view. `sql_type` is in the view's dialect, and a list's where `collection` is
    true."""

    name: str
    fhir_type: str
    sql_type: str
    collection: bool


@dataclass(frozen=True, slots=True)
class CompiledView:
    """A view in one dialect. Its `columns` come out in this order, after the carried ones."""

    name: str
    resource: str
    dialect: str
    columns: tuple[OutputColumn, ...]
    _definition: ViewDefinition = field(repr=False)
    _rows: CompiledRows = field(repr=False)
    _emitter: type[Emitter] = field(repr=False)

    def select(
        self, source: str, json_column: str, carry: Sequence[str] = (), violations: str | None = None
    ) -> str:
        """A SELECT of the view's rows for each row of a relation.

        `source` is SQL that can follow FROM: a table's name, a table function, a query in parentheses.
        `json_column` is its column of resources as JSON text, `carry` names its columns that each row of the
        view shall keep; these come first and under their own names. A text that is NULL, not JSON or another
        resource type gives no rows. ViewDefinitionError where a carried name is also one of the view's.

        `violations` names a last column: a list of texts, empty where the row violates no rule of the view,
        never NULL (see `violations`, `rows`). Without it a value that violates one is NULL and nothing says
        why.
        """
        added = [*carry, *([violations] if violations is not None else [])]
        carried = {name.lower() for name in added}
        if len(carried) < len(added):
            raise ViewDefinitionError(f"carried twice: {', '.join(added)}", view=self.name)
        for column in self.columns:
            if column.name.lower() in carried:
                location = f"column '{column.name}'"
                raise ViewDefinitionError("a carried column has this name", view=self.name, location=location)
        # A carried column named like a lambda's parameter would be out of the lambda's reach, or in its way.
        prefix = "_v"
        while any(name.startswith(prefix) for name in carried):
            prefix = f"_{prefix}"
        compiled = self._rows if violations is None else compile_rows(self._definition, violations)
        return self._emitter(prefix).select(compiled.rows, compiled.shape, source, json_column, carry)


def compile_view(view: Mapping[str, Any], dialect: str) -> CompiledView:
    """Compiles a ViewDefinition (its JSON as a dict) for a dialect: "duckdb" or "spark".

    Raises ViewDefinitionError or PathError (see `errors`) for a view that is wrong, UnknownDialectError for a
    dialect that isn't there. Nothing of an engine is imported or asked.
    """
    emitter = DIALECTS.get(dialect)
    if emitter is None:
        raise UnknownDialectError(f"no dialect '{dialect}'; known: {', '.join(DIALECTS)}")
    definition = read_view(view)
    compiled = compile_rows(definition)
    columns = tuple(_output(column, emitter("_")) for column in compiled.columns)
    return CompiledView(definition.name, definition.resource, dialect, columns, definition, compiled, emitter)


def _output(column: ViewColumn, emitter: Emitter) -> OutputColumn:
    sql_type = emitter.type_name(column.value_type)
    return OutputColumn(column.name, column.fhir_type, sql_type, column.collection)
