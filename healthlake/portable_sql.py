"""Constructs of Athena's dialect that DuckDB answers differently without saying so: refused, with what to
write instead.

The beginning of the subset's linter: it holds what summaries over these tables run into. Refuses nothing that
merely fails: an engine says that itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

_INEXACT = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)


@dataclass(frozen=True, slots=True)
class Rule:
    """One construct: `finds` says whether a node is it, `why` what differs, `instead` what to write."""

    name: str
    finds: Callable[[exp.Expr], bool]
    why: str
    instead: str


def _is_inexact(node: exp.Expr | None) -> bool:
    """Whether an operand is a DOUBLE for all engines: cast to one, or wrapped around such."""
    if isinstance(node, exp.Cast):
        return bool(node.to.this in _INEXACT)
    return isinstance(node, exp.Paren | exp.Nullif | exp.Neg) and _is_inexact(node.this)


def _counts_days(node: exp.DateDiff) -> bool:
    """Whether both ends are dates and the unit is the day: then there is nothing to round."""
    ends = (node.this, node.expression)
    unit = str(node.args.get("unit", "")).strip("'").lower()
    return unit == "day" and all(isinstance(end, exp.Cast) and end.is_type("date") for end in ends)


RULES: tuple[Rule, ...] = (
    Rule(
        "division",
        lambda node: isinstance(node, exp.Div) and not (_is_inexact(node.left) or _is_inexact(node.right)),
        "of integers is an integer in Athena (7 / 2 is 3, 1 / 0 an error) and a fraction in DuckDB (3.5,"
        " infinity)",
        "CAST(a AS DOUBLE) / b",
    ),
    Rule(
        "date_diff",
        lambda node: isinstance(node, exp.DateDiff) and not _counts_days(node),
        "counts completed units in Athena and crossed boundaries in DuckDB",
        "age_in_years(birth, day), or date_diff('day', …) of two values cast to DATE",
    ),
    Rule(
        "approx_percentile",
        lambda node: isinstance(node, exp.ApproxQuantile),
        "is another estimate in each engine",
        "an exact count over ranges",
    ),
)


def findings(sql: str) -> list[str]:
    """What in `sql` (Athena's dialect) would not mean the same everywhere, a sentence each."""
    tree = sqlglot.parse_one(sql, read="athena")
    return [
        f"{rule.name} {rule.why}. Write {rule.instead}."
        for rule in RULES
        if any(rule.finds(node) for node in tree.walk())
    ]
