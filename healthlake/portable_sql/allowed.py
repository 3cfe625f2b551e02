"""The functions that the project's own SQL may use. Each has vectors (vectors.json) that every engine
answers."""

from __future__ import annotations

from sqlglot import exp

from healthlake.functions import names
from healthlake.portable_sql.model import Rule

FUNCTIONS: dict[type[exp.Func], str] = {
    exp.Abs: "abs",
    exp.Avg: "avg",
    exp.Coalesce: "coalesce",
    exp.Concat: "concat",
    exp.Count: "count",
    exp.CountIf: "count_if",
    exp.DateDiff: "date_diff",
    exp.DenseRank: "dense_rank",
    exp.Floor: "floor",
    exp.Greatest: "greatest",
    exp.Lag: "lag",
    exp.Lead: "lead",
    exp.Least: "least",
    exp.Length: "length",
    exp.LogicalAnd: "bool_and",
    exp.LogicalOr: "bool_or",
    exp.Max: "max",
    exp.Min: "min",
    exp.Nullif: "nullif",
    exp.Rank: "rank",
    exp.RegexpLike: "rlike",
    exp.Replace: "replace",
    exp.RowNumber: "row_number",
    exp.SplitPart: "split_part",
    exp.StartsWith: "startswith",
    exp.StrPosition: "instr",
    exp.Struct: "named_struct",
    exp.Substring: "substr",
    exp.Sum: "sum",
    exp.TimeToStr: "date_format",
    exp.Year: "year",
    exp.Month: "month",
    exp.Day: "day",
}
"""sqlglot's class -> the name in Spark's dialect."""

_SYNTAX = (exp.Connector, exp.Case, exp.If, exp.Cast, exp.Exists, exp.TsOrDsToDate, exp.TimeStrToTime)
"""What sqlglot counts as a function and no one else does, and casts that it adds by itself."""


def _is_unknown(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() not in names()
    return isinstance(node, exp.Func) and not isinstance(node, (*FUNCTIONS, *_SYNTAX))


ALLOWED_RULES = (
    Rule(
        "unknown_function",
        _is_unknown,
        "has no vectors, so nobody has seen that engines answer it alike",
        "a function of docs/portable_sql.md, or add one with vectors (healthlake/portable_sql/allowed.py)",
        "SELECT soundex('a')",
        "SELECT length('a')",
        own_only=True,
    ),
)
