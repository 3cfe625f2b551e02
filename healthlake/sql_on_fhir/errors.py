"""What can be wrong with a ViewDefinition. All of it is found while compiling; a row never raises these.

    SqlOnFhirError
    ├── ViewDefinitionError     the JSON isn't a ViewDefinition that can be compiled: a key, a value, a column
    name ├── PathError               a FHIRPath of the view can't be compiled │   ├── PathSyntaxError     it
    doesn't parse │   ├── UnknownElementError an element, type, function or constant that isn't there;
    `nearest` holds what is │   └── PathTypeError       types don't fit: a non-boolean filter, a text compared
    with a number, a bare choice └── UnknownDialectError     no emitter for that dialect

A PathError knows `view`, `location` (column or clause), `path` and `position`, its offset in the path.
Messages quote the view, never data: the compiler sees none.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self


class SqlOnFhirError(Exception):
    """Base of everything that the compiler raises on purpose."""


class ViewDefinitionError(SqlOnFhirError):
    """The ViewDefinition itself is wrong; the message names view and place."""

    def __init__(self, message: str, *, view: str, location: str = "") -> None:
        super().__init__(f"view '{view}'{f', {location}' if location else ''}: {message}")
        self.view = view
        self.location = location


class UnknownDialectError(SqlOnFhirError):
    """There is no emitter for the dialect that was asked for."""


class PathError(SqlOnFhirError):
    """A FHIRPath can't be compiled.

    Raised with what is wrong and where in the path; `within` adds the view and the place in it on the way
    out.
    """

    def __init__(self, message: str, position: int, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.nearest = nearest
        self.view = self.location = self.path = ""

    def within(self, view: str, location: str, path: str) -> Self:
        """The same error, now knowing where it happened."""
        self.view, self.location, self.path = view, location, path
        return self

    def __str__(self) -> str:
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        where = f"view '{self.view}', {self.location}, position {self.position}: " if self.location else ""
        picture = f"\n    {self.path}\n    {' ' * self.position}^" if self.location else ""
        return f"{where}{self.message}{hint}{picture}"


class PathSyntaxError(PathError):
    """The text isn't an expression of the FHIRPath subset."""


class UnknownElementError(PathError):
    """A name that is not there, with the nearest names that are."""


class PathTypeError(PathError):
    """An operator, function or column got a type that it doesn't take."""


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three known names like `name`, best first; names that differ in case only come first of all."""
    names = sorted(set(known))
    same = [known_name for known_name in names if known_name.lower() == name.lower()]
    return tuple(dict.fromkeys([*same, *difflib.get_close_matches(name, names, 3, 0.6)]))[:3]
