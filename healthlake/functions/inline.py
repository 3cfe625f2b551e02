"""Calls of named functions on an engine that has none of its own: each becomes the function's body with the
arguments in place of the parameters.

An argument is computed as often as the body names it: all of them are expressions without side effects.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

import sqlglot
from sqlglot import exp

from healthlake.functions import definitions

_MACRO = re.compile(r"CREATE OR REPLACE TEMP MACRO (\w+)\(([^)]*)\) AS\s+(.*)", re.DOTALL)


def inline(tree: exp.Expr) -> exp.Expr:
    """`tree` with the bodies of `athena.sql` in place of the calls; the tree that is given is used up."""
    bodies = _bodies()
    # Innermost first: an argument may be a call.
    for call in reversed(list(tree.find_all(exp.Anonymous))):
        if call.name.lower() in bodies:
            value = _body(*bodies[call.name.lower()], call)
            if call is tree:
                return value
            call.replace(value)
    return tree


def _body(parameters: tuple[str, ...], body: exp.Expr, call: exp.Anonymous) -> exp.Expr:
    made = exp.paren(body)
    given = dict(zip(parameters, call.expressions, strict=True))
    for column in list(made.find_all(exp.Column)):
        column.replace(exp.paren(given[column.name]))
    return made


@functools.cache
def _bodies() -> Mapping[str, tuple[tuple[str, ...], exp.Expr]]:
    """Each function's parameters and body."""
    found = {}
    for statement in definitions("athena"):
        match = _MACRO.fullmatch(statement)
        if match is None:
            raise ValueError(f"athena.sql: no macro: {statement[:40]}")
        name, parameters, body = match.groups()
        names = tuple(each.strip() for each in parameters.split(","))
        found[name] = (names, sqlglot.parse_one(body, read="athena"))
    return found
