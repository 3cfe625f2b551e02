"""What kind of value an expression has, and whether it can be NULL, as far as its text and the tables'
contracts tell. What they don't tell is None, and no rule holds that against anyone."""

from __future__ import annotations

import enum
import functools
from collections.abc import Collection, Mapping

from sqlglot import exp

from healthlake.contracts.model import DT, ColumnType
from healthlake.contracts.registry import TABLES


class Kind(enum.Enum):
    """Kinds that engines convert into each other differently."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)
TIMES = (Kind.DATE, Kind.TIMESTAMP)

_OF_COLUMNS = {
    ColumnType.STRING: Kind.TEXT,
    ColumnType.INT: Kind.INTEGER,
    ColumnType.LONG: Kind.INTEGER,
    ColumnType.DOUBLE: Kind.DOUBLE,
    ColumnType.BOOLEAN: Kind.BOOLEAN,
    ColumnType.DATE: Kind.DATE,
    ColumnType.TIMESTAMP: Kind.TIMESTAMP,
}
_OF_FUNCTIONS = {
    "fhir_instant": Kind.TIMESTAMP,
    "start_of_day": Kind.TIMESTAMP,
    "fhir_date": Kind.DATE,
    "fhir_precision": Kind.TEXT,
    "reference_id": Kind.TEXT,
    "reference_identifier": Kind.TEXT,
    "resolve_reference": Kind.TEXT,
    "age_in_years": Kind.INTEGER,
}
_TYPES: tuple[tuple[Collection[object], Kind], ...] = (
    (exp.DataType.TEXT_TYPES, Kind.TEXT),
    (exp.DataType.INTEGER_TYPES, Kind.INTEGER),
    (exp.DataType.FLOAT_TYPES, Kind.DOUBLE),
    ({exp.DataType.Type.DECIMAL}, Kind.DECIMAL),
    ({exp.DataType.Type.BOOLEAN}, Kind.BOOLEAN),
    ({exp.DataType.Type.DATE}, Kind.DATE),
    (exp.DataType.TEMPORAL_TYPES - {exp.DataType.Type.DATE}, Kind.TIMESTAMP),
)
_SAME_AS_OPERAND = (exp.Paren, exp.Neg, exp.Nullif, exp.Coalesce, exp.Greatest, exp.Least, exp.Min, exp.Max)


@functools.cache
def _columns() -> Mapping[str, Kind | None]:
    """Kind of each column name; None where tables disagree."""
    kinds: dict[str, Kind | None] = {}
    for table in TABLES.values():
        for column in table:
            kind = _OF_COLUMNS[column.type]
            kinds[column.name] = kind if kinds.get(column.name, kind) is kind else None
    return kinds


@functools.cache
def _keys() -> frozenset[str]:
    """Columns that are a key wherever there is one of the name, and the day: never NULL, by the check
    keys_not_null and by the commit."""
    keys = {name for table in TABLES.values() for name in table.key}
    others = {c.name for table in TABLES.values() for c in table if c.name not in table.key}
    return frozenset(keys - others) | {DT}


def kind_of(node: exp.Expr | None) -> Kind | None:
    """The kind of `node`'s value, where it is known."""
    if isinstance(node, exp.Literal):
        return _literal(node)
    if isinstance(node, exp.Cast):
        return next((kind for types, kind in _TYPES if node.to.this in types), None)
    if isinstance(node, exp.Column):
        return None if _renamed(node) else _columns().get(node.name.lower())
    if isinstance(node, _SAME_AS_OPERAND):
        return kind_of(node.this)
    if isinstance(node, exp.Count | exp.RowNumber | exp.Length):
        return Kind.INTEGER
    if isinstance(node, exp.DPipe | exp.Concat | exp.TimeToStr):
        return Kind.TEXT
    if isinstance(node, exp.Anonymous):
        return _OF_FUNCTIONS.get(node.name.lower())
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        return _of_both(kind_of(node.left), kind_of(node.right))
    return None


def _literal(node: exp.Literal) -> Kind:
    if node.is_string:
        return Kind.TEXT
    if "e" in node.name.lower():
        return Kind.DOUBLE
    return Kind.DECIMAL if "." in node.name else Kind.INTEGER


def _of_both(left: Kind | None, right: Kind | None) -> Kind | None:
    if left in NUMBERS and right in NUMBERS:
        return max(left, right, key=NUMBERS.index)
    return None


def _renamed(column: exp.Column) -> bool:
    """Whether the statement itself gives something the column's name."""
    return _named(column.root(), column.name) is not None


def _named(tree: exp.Expr, name: str) -> exp.Expr | None:
    return next((alias.this for alias in tree.find_all(exp.Alias) if alias.alias == name), None)


def never_null(node: exp.Expr) -> bool:
    """Whether `node` cannot be NULL, as far as can be told."""
    if isinstance(node, exp.Literal | exp.Boolean | exp.Count | exp.RowNumber):
        return True
    if isinstance(node, exp.Coalesce):
        return any(never_null(each) for each in (node.this, *node.expressions))
    if isinstance(node, exp.Paren | exp.Cast | exp.Neg):
        return never_null(node.this)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "start_of_day":
        return never_null(node.expressions[0])
    if isinstance(node, exp.Column):
        given = _named(node.root(), node.name)
        if given is None:
            return node.name.lower() in _keys()
        return not isinstance(given, exp.Column) and never_null(given)
    return False
