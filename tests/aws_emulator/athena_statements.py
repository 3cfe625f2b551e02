"""Reads one statement in Athena's dialect: its kind, its parameters put in, the tables that it names."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType

from tests.aws_emulator.athena_model import QueryFailed, Refused

MOST_BYTES = 262_144
"""Athena's limit of a query string."""

_DDL = re.compile(r"\s*(CREATE|DROP|ALTER|MSCK|SHOW|DESCRIBE|VACUUM)\b", re.IGNORECASE)
_UTILITY = re.compile(r"\s*(SHOW|DESCRIBE|EXPLAIN)\b", re.IGNORECASE)
_HOLE = TokenType.PLACEHOLDER
_WORDS = re.compile(r"[A-Za-z]+")

# sqlglot warns of each statement that it keeps as text (SHOW, EXPLAIN); that is what is wanted here.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def statement_type(sql: str) -> str:
    """DML, DDL or UTILITY, as GetQueryExecution says it."""
    if _UTILITY.match(sql):
        return "UTILITY"
    return "DDL" if _DDL.match(sql) else "DML"


def substatement_type(sql: str) -> str:
    """The statement's verb, as GetQueryExecution says it: SELECT, MERGE, CREATE_DATABASE…"""
    words = [word.upper() for word in _WORDS.findall(sql)[:2]]
    if not words or words[0] == "WITH":
        return "SELECT"
    return "_".join(words) if words[0] in {"CREATE", "DROP", "SHOW"} else words[0]


def require_well_formed(sql: str) -> None:
    """Raises `Refused` where StartQueryExecution would."""
    if (size := len(sql.encode())) > MOST_BYTES:
        raise Refused(
            f"Value at 'queryString' failed to satisfy constraint: at most {MOST_BYTES} bytes, not {size}"
        )
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except SqlglotError as error:
        raise Refused(f"line 1:1: mismatched input. {str(error).splitlines()[0]}") from None
    if len(trees) != 1:
        raise Refused(f"Only one sql statement is allowed. Got: {sql}")


def bind(sql: str, parameters: tuple[str, ...]) -> exp.Expr:
    """The tree of `sql`, each `?` replaced by the SQL literal given for it."""
    holes = [token for token in sqlglot.tokenize(sql, read="athena") if token.token_type == _HOLE]
    if len(holes) != len(parameters):
        raise QueryFailed(
            f"INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected {len(holes)} but"
            f" found {len(parameters)}"
        )
    for hole, text in reversed(list(zip(holes, parameters, strict=True))):
        sql = f"{sql[: hole.start]}({_literal(text).sql('athena')}){sql[hole.end + 1 :]}"
    return sqlglot.parse_one(sql, read="athena")


def _literal(text: str) -> exp.Expr:
    try:
        literal = sqlglot.parse_one(text, read="athena")
    except SqlglotError:
        literal = exp.Column()
    if literal.find(exp.Column, exp.Query):
        raise QueryFailed(f"SYNTAX_ERROR: line 1:1: Parameter is no literal: {text}")
    return literal


@dataclass(frozen=True, slots=True)
class TableRead:
    """A table that a statement reads: `suffix` is that of a metadata table (`snapshots`); `snapshot` is the
    one asked for, `timestamp` a text of the moment asked for."""

    database: str
    name: str
    suffix: str = ""
    snapshot: int | None = None
    timestamp: str | None = None


def tables_read(tree: exp.Expr, database: str) -> list[tuple[exp.Table, TableRead]]:
    """The nodes of `tree` that name tables of the catalog, with what each asks for; names of CTEs are
    none."""
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    found = []
    for node in tree.find_all(exp.Table):
        if not node.name or (not node.db and node.name.lower() in own):
            continue
        name, _, suffix = node.name.lower().partition("$")
        version, moment = _version(node)
        found.append((node, TableRead((node.db or database).lower(), name, suffix, version, moment)))
    return found


def _version(node: exp.Table) -> tuple[int | None, str | None]:
    version = node.args.get("version")
    if version is None:
        return None, None
    value = version.expression
    while isinstance(value, exp.Cast):
        value = value.this
    if version.name == "VERSION":
        return int(value.name), None
    return None, value.name
