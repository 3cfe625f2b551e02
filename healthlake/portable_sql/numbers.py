"""Rules on numbers."""

from __future__ import annotations

from sqlglot import exp

from healthlake.portable_sql.kinds import Kind, kind_of, never_null
from healthlake.portable_sql.model import Rule, is_call

_FRACTIONS = (Kind.DECIMAL, Kind.DOUBLE)
_WHOLE = (exp.Floor, exp.Ceil, exp.Round, exp.Trunc)


def _divides_exactly(node: exp.Expr) -> bool:
    return isinstance(node, exp.Div) and Kind.DOUBLE not in (kind_of(node.left), kind_of(node.right))


def _may_divide_by_zero(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
        return False
    by = node.expression.unnest()
    return not isinstance(by, exp.Nullif) and not (by.is_number and float(by.name or 0) != 0)


def _cuts_fraction(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Cast) or kind_of(node) is not Kind.INTEGER:
        return False
    operand = node.this.unnest()
    return not isinstance(operand, _WHOLE) and (
        isinstance(operand, exp.Div) or kind_of(operand) in _FRACTIONS
    )


def _reads_number(node: exp.Expr) -> bool:
    return (
        isinstance(node, exp.TryCast)
        and kind_of(node) in (Kind.INTEGER, Kind.BOOLEAN)
        and kind_of(node.this) is Kind.TEXT
    )


def _is_approximate(node: exp.Expr) -> bool:
    return (
        isinstance(node, exp.ApproxQuantile | exp.ApproxDistinct | exp.ApproxTopK | exp.Quantile)
        or (isinstance(node, exp.Anonymous) and node.name.lower().startswith("approx_"))
        or is_call(node, "percentile", "numeric_histogram")
    )


def _may_skip_null(node: exp.Expr) -> bool:
    """An argument that may be NULL, in greatest or least."""
    return isinstance(node, exp.Greatest | exp.Least) and not all(
        never_null(each) for each in (node.this, *node.expressions)
    )


def _has_no_scale(node: exp.Expr) -> bool:
    """A cast, or a typed literal, which the parser makes a cast."""
    if not isinstance(node, exp.Cast | exp.TryCast) or kind_of(node) is not Kind.DECIMAL:
        return False
    return not node.to.expressions


def _is_no_number(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Cast | exp.TryCast) or kind_of(node) is not Kind.DOUBLE:
        return False
    return isinstance(node.this, exp.Literal) and node.this.name.strip().lower() == "nan"


NUMBER_RULES = (
    Rule(
        "nan",
        _is_no_number,
        "equals itself and is the largest number in DuckDB and Spark, and neither in Athena",
        "NULL: JSON has no NaN, so no table has one",
        "SELECT CAST('NaN' AS DOUBLE) = CAST('NaN' AS DOUBLE)",
        "SELECT CAST(NULL AS DOUBLE)",
        answers={"Athena": "False", "DuckDB": "True", "Spark": "True"},
    ),
    Rule(
        "division",
        _divides_exactly,
        "of integers is an integer in Athena (7 / 2 is 3, 1 / 0 an error) and a fraction in DuckDB and"
        " Spark; of decimals it has other digits in each engine",
        "CAST(a AS DOUBLE) / b",
        "SELECT 7 / 2",
        "SELECT CAST(7 AS DOUBLE) / 2",
        dialect="athena",
        answers={"Athena": "3", "DuckDB": "3.5", "Spark": "3.5"},
    ),
    Rule(
        "division_by_zero",
        _may_divide_by_zero,
        "is an error in Spark and NULL or infinity in DuckDB",
        "a / nullif(b, 0)",
        "SELECT CAST(1 AS DOUBLE) / x FROM (SELECT 0 AS x) AS v",
        "SELECT CAST(1 AS DOUBLE) / nullif(x, 0) FROM (SELECT 0 AS x) AS v",
        answers={"DuckDB": "NULL", "Spark": "error"},
        own_only=True,
    ),
    Rule(
        "fraction_to_integer",
        _cuts_fraction,
        "rounds in Athena and DuckDB, each in its way, and cuts in Spark",
        "CAST(floor(x) AS BIGINT)",
        "SELECT CAST(2.5 AS INT)",
        "SELECT CAST(floor(2.5) AS INT)",
        answers={"Athena": "3", "DuckDB": "3", "Spark": "2"},
    ),
    Rule(
        "floor",
        lambda node: (
            isinstance(node, exp.Floor | exp.Ceil | exp.Sign) and not isinstance(node.parent, exp.Cast)
        ),
        "makes an integer in one engine and a double in another",
        "CAST(floor(x) AS BIGINT)",
        "SELECT floor(CAST(2.5 AS DOUBLE))",
        "SELECT CAST(floor(CAST(2.5 AS DOUBLE)) AS BIGINT)",
        answers={"DuckDB": "2.0", "Spark": "2"},
        own_only=True,
    ),
    Rule(
        "round",
        lambda node: isinstance(node, exp.Round) and node.args.get("decimals") is not None,
        "of a double to digits goes by its binary value in DuckDB and by its decimal text in Spark",
        "the number as it is, and round where it is shown",
        "SELECT round(CAST(1.005 AS DOUBLE), 2)",
        "SELECT CAST(1.005 AS DOUBLE)",
        answers={"DuckDB": "1.0", "Spark": "1.01"},
        own_only=True,
    ),
    Rule(
        "decimal_without_scale",
        _has_no_scale,
        "has no fraction in Athena and Spark, and three digits of it in DuckDB; DECIMAL '1.50' is read as"
        " one",
        "CAST(x AS DECIMAL(10, 2))",
        "SELECT CAST('1.50' AS DECIMAL)",
        "SELECT CAST('1.50' AS DECIMAL(10, 2))",
        answers={"Athena": "2", "DuckDB": "1.500", "Spark": "2"},
    ),
    Rule(
        "decimal_average",
        lambda node: isinstance(node, exp.Avg) and kind_of(node.this) is Kind.DECIMAL,
        "is a decimal in Athena and Spark, a double in DuckDB",
        "avg(CAST(x AS DOUBLE))",
        "SELECT avg(CAST(x AS DECIMAL(10, 2))) FROM (SELECT 1 AS x) AS v",
        "SELECT avg(CAST(x AS DOUBLE)) FROM (SELECT 1 AS x) AS v",
        answers={"DuckDB": "1.0", "Spark": "1.000000"},
    ),
    Rule(
        "double_to_text",
        lambda node: (
            isinstance(node, exp.Cast) and kind_of(node) is Kind.TEXT and kind_of(node.this) is Kind.DOUBLE
        ),
        "is written in other digits by each engine",
        "CAST(CAST(x AS DECIMAL(38, 6)) AS VARCHAR)",
        "SELECT CAST(CAST(1e20 AS DOUBLE) AS STRING)",
        "SELECT CAST(CAST(1e20 AS DECIMAL(38, 6)) AS STRING)",
        answers={"DuckDB": "1e+20", "Spark": "1.0E20"},
    ),
    Rule(
        "text_to_number",
        _reads_number,
        "reads 12.7, 1_000 and 0x10 as integers, or blanks around true, in one engine and not in another",
        "a column that a view types, or try_cast(x AS DOUBLE)",
        "SELECT try_cast('12.7' AS INT)",
        "SELECT try_cast('12.7' AS DOUBLE)",
        answers={"DuckDB": "13", "Spark": "NULL"},
    ),
    Rule(
        "approximate",
        _is_approximate,
        "is another estimate in each engine",
        "an exact count over ranges, or count(DISTINCT x)",
        "SELECT percentile_approx(x, 0.5) FROM (SELECT explode(array(1, 2, 5, 7)) AS x) AS v",
        "SELECT count(DISTINCT x) FROM (SELECT 1 AS x) AS v",
        answers={"DuckDB": "4", "Spark": "2"},
    ),
    Rule(
        "greatest",
        _may_skip_null,
        "of a NULL is NULL in Athena; Spark and DuckDB skip it",
        "greatest(coalesce(a, …), coalesce(b, …))",
        "SELECT greatest(a, b) FROM (SELECT 1 AS a, CAST(NULL AS INT) AS b) AS v",
        "SELECT greatest(coalesce(a, 0), coalesce(b, 0)) FROM (SELECT 1 AS a, CAST(NULL AS INT) AS b) AS v",
        answers={"Athena": "NULL", "DuckDB": "1", "Spark": "1"},
    ),
)
