"""Rules on order, arrays, and on what makes the same rows give another answer."""

from __future__ import annotations

from sqlglot import exp

from healthlake.portable_sql.model import Rule, is_call

_ORDERED = (
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.PercentRank,
    exp.CumeDist,
    exp.Ntile,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.NthValue,
)
_COLLECTS = (exp.ArrayAgg, exp.ArrayUniqueAgg, exp.GroupConcat, exp.ArrayConcatAgg)
_NOW = (
    exp.CurrentDate,
    exp.CurrentTimestamp,
    exp.CurrentTime,
    exp.CurrentDatetime,
    exp.Localtimestamp,
    exp.Localtime,
)
_ENGINES_OWN = ("hash", "xxhash64", "version", "murmurhash3", "spooky_hash_v2_64", "checksum", "crc32")
_NOT_EVERYWHERE = (exp.Qualify, exp.Lateral, exp.Pivot, exp.Cluster, exp.Distribute, exp.Sort)


def _limits_without_order(node: exp.Expr) -> bool:
    cuts = isinstance(node, exp.Limit | exp.Offset | exp.Fetch)
    return cuts and node.parent is not None and node.parent.args.get("order") is None


def _ranks_without_order(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Window) or node.args.get("order") or _has_named_order(node):
        return False
    function = node.this.this if isinstance(node.this, exp.IgnoreNulls | exp.RespectNulls) else node.this
    return isinstance(function, _ORDERED)


def _has_named_order(node: exp.Window) -> bool:
    """Whether the window that `OVER name` names is ordered."""
    select = node.find_ancestor(exp.Select)
    named = (select.args.get("windows") or ()) if select else ()
    return any(each.name == node.alias and each.args.get("order") for each in named)


def _collects_without_order(node: exp.Expr) -> bool:
    return isinstance(node, _COLLECTS) and not (
        isinstance(node.parent, exp.ArraySort | exp.WithinGroup) or node.find(exp.Order)
    )


def _may_skip_null(node: exp.Expr) -> bool:
    return isinstance(node, exp.ArgMax | exp.ArgMin)


def _is_odd_access(node: exp.Expr) -> bool:
    """A subscript, which says nothing of what is not there; the safe forms do."""
    return isinstance(node, exp.Bracket) and not node.args.get("safe")


ROW_RULES = (
    Rule(
        "limit_without_order",
        _limits_without_order,
        "takes whichever rows come first",
        "ORDER BY a key before LIMIT",
        "SELECT gender FROM silver_dim_patient LIMIT 1",
        "SELECT gender FROM silver_dim_patient ORDER BY patient_id LIMIT 1",
        own_only=True,
    ),
    Rule(
        "offset",
        lambda node: isinstance(node, exp.Offset),
        "stands before LIMIT in Athena and behind it in Spark; Athena refuses LIMIT 1 OFFSET 0",
        "row_number() OVER (ORDER BY a key), and WHERE n > 10",
        "SELECT x FROM (SELECT 1 AS x) AS v ORDER BY x LIMIT 1 OFFSET 0",
        "SELECT x FROM (SELECT x, row_number() OVER (ORDER BY x) AS n FROM (SELECT 1 AS x) AS v) AS w"
        " WHERE n > 0",
        dialect="athena",
        answers={"Athena": "error", "DuckDB": "1"},
        own_only=True,
    ),
    Rule(
        "rank_without_order",
        _ranks_without_order,
        "numbers rows in whichever order they come",
        "row_number() OVER (PARTITION BY … ORDER BY a key)",
        "SELECT row_number() OVER (PARTITION BY gender) FROM silver_dim_patient",
        "SELECT row_number() OVER (PARTITION BY gender ORDER BY patient_id) FROM silver_dim_patient",
    ),
    Rule(
        "array_without_order",
        _collects_without_order,
        "holds rows in whichever order they come; Spark drops NULLs",
        "array_agg(x ORDER BY x) (in Spark's dialect sort_array(array_agg(x)))",
        "SELECT array_agg(gender) FROM silver_dim_patient",
        "SELECT sort_array(array_agg(gender)) FROM silver_dim_patient",
    ),
    Rule(
        "max_by",
        _may_skip_null,
        "passes over a NULL in DuckDB and returns it in Athena and Spark",
        "row_number() OVER (ORDER BY …) = 1",
        "SELECT max_by(x, y) FROM (SELECT 'a' AS x, 1 AS y UNION ALL SELECT NULL, 2) AS v",
        "SELECT max(x) FROM (SELECT 'a' AS x, 1 AS y UNION ALL SELECT NULL, 2) AS v",
        answers={"DuckDB": "a", "Spark": "NULL"},
    ),
    Rule(
        "subscript",
        _is_odd_access,
        "outside an array is an error in Athena and Spark and NULL in DuckDB",
        "element_at(a, 1) (in Spark's dialect try_element_at)",
        "SELECT element_at(array(1, 2), 5)",
        "SELECT try_element_at(array(1, 2), 5)",
        answers={"DuckDB": "NULL", "Spark": "error"},
    ),
    Rule(
        "slice",
        lambda node: isinstance(node, exp.ArraySlice),
        "has a length in Athena and an end in DuckDB",
        "element_at(a, n) for each",
        "SELECT slice(ARRAY[1, 2, 3], 2, 2)",
        "SELECT element_at(ARRAY[1, 2, 3], 2)",
        dialect="athena",
        answers={"Athena": "[2, 3]", "DuckDB": "[2]"},
        dialects=("athena",),
    ),
    Rule(
        "array_null",
        lambda node: isinstance(
            node, exp.ArrayDistinct | exp.ArrayContains | exp.ArrayOverlaps | exp.ArrayExcept
        ),
        "counts NULL as an element in one engine and not in another",
        "a query over rows: silver has no arrays",
        "SELECT array_distinct(array(1, 1, NULL))",
        "SELECT count(DISTINCT x) FROM (SELECT 1 AS x) AS v",
        answers={"DuckDB": "[1]", "Spark": "[1, None]"},
    ),
    Rule(
        "now",
        lambda node: isinstance(node, _NOW) or is_call(node, "now", "current_timezone", "unix_timestamp"),
        "makes the same rows give another answer tomorrow",
        "the day that is computed, :dt",
        "SELECT current_date",
        "SELECT DATE '2026-01-31'",
        own_only=True,
    ),
    Rule(
        "random",
        lambda node: (
            isinstance(node, exp.Rand | exp.Randn | exp.Uuid | exp.Shuffle | exp.TableSample)
            or is_call(node, "random", "shuffle", "monotonically_increasing_id", "spark_partition_id")
        ),
        "gives another answer every time; DuckDB ignores the bounds of random(a, b)",
        "an order by a hash that the table has: content_hash",
        "SELECT patient_id FROM silver_dim_patient ORDER BY rand() LIMIT 1",
        "SELECT patient_id FROM silver_dim_patient ORDER BY content_hash LIMIT 1",
    ),
    Rule(
        "engines_own",
        lambda node: isinstance(node, exp.Typeof) or is_call(node, *_ENGINES_OWN),
        "is each engine's own: names of types, versions, hashes",
        "content_hash, or nothing",
        "SELECT hash('a')",
        "SELECT content_hash FROM silver_dim_patient",
    ),
    Rule(
        "digest",
        lambda node: isinstance(node, exp.SHA | exp.SHA2 | exp.SHA2Digest | exp.MD5 | exp.MD5Digest),
        "is bytes in Athena and hex text in Spark, which to_hex then encodes again",
        "content_hash, which is computed where the bytes are read",
        "SELECT to_hex(sha256(to_utf8('a')))",
        "SELECT content_hash FROM silver_dim_patient",
        dialect="athena",
        own_only=True,
    ),
    Rule(
        "statement",
        lambda node: node.parent is None and not isinstance(node, exp.Query),
        "writes past the commit, or differs by engine (INSERT OVERWRITE replaces a partition or a table)",
        "a SELECT; jobs publish its rows",
        "INSERT OVERWRITE silver_dim_patient SELECT * FROM v",
        "SELECT * FROM v",
        own_only=True,
    ),
    Rule(
        "not_everywhere",
        lambda node: isinstance(node, _NOT_EVERYWHERE),
        "is refused by Athena or by DuckDB",
        "a subquery with row_number() and WHERE; views flatten arrays",
        "SELECT patient_id FROM v QUALIFY row_number() OVER (ORDER BY patient_id) = 1",
        "SELECT patient_id FROM (SELECT patient_id, row_number() OVER (ORDER BY patient_id) AS n FROM v) AS w"
        " WHERE n = 1",
        own_only=True,
    ),
)
