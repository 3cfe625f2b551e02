"""What a rule of the subset is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

DIALECTS = ("athena", "spark")


@dataclass(frozen=True, slots=True)
class Rule:
    """One construct: `finds` says whether a node is it, `why` what differs, `instead` what to write.

    `example` is a SELECT that it finds, `passes` one with what to write instead, both in `dialect`. `answers`
    are what engines answer to the example; those of DuckDB and Spark are asked by a test. `dialects` are the
    ones in which the construct is refused. `own_only` rules hold for the project's SQL, not for a user's.
    """

    name: str
    finds: Callable[[exp.Expr], bool]
    why: str
    instead: str
    example: str
    passes: str
    dialect: str = "spark"
    answers: Mapping[str, str] = field(default_factory=dict)
    dialects: tuple[str, ...] = DIALECTS
    own_only: bool = False


def is_call(node: exp.Expr, *names: str) -> bool:
    """Whether a node calls one of the functions that sqlglot has no class for."""
    return isinstance(node, exp.Anonymous) and node.name.lower() in names
