"""SQL on FHIR v2: a ViewDefinition becomes one SQL expression over a column of FHIR R4 JSON.

    view -> view.py (JSON, checked) -> syntax.py (paths parsed) -> expressions.py, rows.py (typed tree) ->
    dialects/ (SQL)

The typed tree (`tree`) is the contract: whatever a rule of FHIRPath or of the spec decides is decided before
it, so that all dialects give the same rows. The package uses the standard library and the R4 table only, and
never touches data: it doesn't validate resources (wrong shapes are the caller's to keep out) and runs no SQL.
"""

from healthlake.sql_on_fhir.compiled import CompiledView, OutputColumn, compile_view
from healthlake.sql_on_fhir.errors import (
    PathError,
    PathSyntaxError,
    PathTypeError,
    SqlOnFhirError,
    UnknownDialectError,
    UnknownElementError,
    ViewDefinitionError,
)

__all__ = [
    "CompiledView",
    "OutputColumn",
    "PathError",
    "PathSyntaxError",
    "PathTypeError",
    "SqlOnFhirError",
    "UnknownDialectError",
    "UnknownElementError",
    "ViewDefinitionError",
    "compile_view",
]
