"""Looks for what the rules refuse in one statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from healthlake.engine.dialect import parse
from healthlake.portable_sql.allowed import ALLOWED_RULES
from healthlake.portable_sql.model import Rule
from healthlake.portable_sql.numbers import NUMBER_RULES
from healthlake.portable_sql.rows import ROW_RULES
from healthlake.portable_sql.texts import TEXT_RULES
from healthlake.portable_sql.times import TIME_RULES

RULES: tuple[Rule, ...] = (*NUMBER_RULES, *TIME_RULES, *TEXT_RULES, *ROW_RULES, *ALLOWED_RULES)

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """A construct of a statement that a rule refuses. `line` and `column` count from 1; 0 where the parser
    kept no place."""

    rule: Rule
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.rule.name} ({self.text}) {self.rule.why}. Write {self.rule.instead}."


def lint(sql: str, dialect: str, own: bool) -> list[Finding]:
    """The findings in `sql`, in the order of its text. `own` is the project's SQL, which is held to all
    rules."""
    tree = parse(sql, dialect)
    found = [
        _finding(rule, node, dialect)
        for node in tree.walk()
        for rule in RULES
        if dialect in rule.dialects and (own or not rule.own_only) and rule.finds(node)
    ]
    return sorted(found, key=lambda each: (each.line, each.column))


def findings(sql: str, dialect: str = "athena") -> list[str]:
    """What in a user's `sql` would not mean the same everywhere: one sentence for each rule."""
    sentences: dict[str, str] = {}
    for found in lint(sql, dialect, own=False):
        sentences.setdefault(found.rule.name, str(found))
    return list(sentences.values())


def _finding(rule: Rule, node: exp.Expr, dialect: str) -> Finding:
    line, column = next(_places(node), (0, 0))
    text = " ".join(node.sql(dialect=dialect).split())
    return Finding(rule, line, column, text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def _places(node: exp.Expr) -> Iterator[tuple[int, int]]:
    """Where the tokens of a node begin; sqlglot keeps the end of a token on its last line."""
    for each in node.walk():
        if "line" in each.meta:
            yield each.meta["line"], each.meta["col"] - (each.meta["end"] - each.meta["start"])
