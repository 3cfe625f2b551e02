"""Rules on text."""

from __future__ import annotations

import re

from sqlglot import exp

from healthlake.portable_sql.kinds import NUMBERS, Kind, kind_of
from healthlake.portable_sql.model import Rule, is_call

_SIZED = (
    exp.DataType.Type.VARCHAR,
    exp.DataType.Type.CHAR,
    exp.DataType.Type.NVARCHAR,
    exp.DataType.Type.NCHAR,
)
_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]")
_ODD_REGEX = re.compile(r"\\[bBsSwWdDpP1-9]|(?<!\\)[$.]|\(\?(?!:)")
_MATCHES = (exp.RegexpExtract, exp.RegexpExtractAll, exp.RegexpLike, exp.RegexpILike, exp.RegexpReplace)
_COMPARES = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)


def _has_size(node: exp.Expr) -> bool:
    """CHAR has one where none is written: 1."""
    if not isinstance(node, exp.DataType) or node.this not in _SIZED:
        return False
    return bool(node.expressions) or node.this in (exp.DataType.Type.CHAR, exp.DataType.Type.NCHAR)


def _makes_empty_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.RegexpExtract | exp.SplitPart) and not isinstance(node.parent, exp.Nullif)


def _has_odd_regex(node: exp.Expr) -> bool:
    """A pattern that Java's, Trino's and RE2's regexes read differently, or one that can't be read here."""
    if not isinstance(node, _MATCHES):
        return False
    pattern = node.expression
    return not pattern.is_string or bool(_ODD_REGEX.search(_CLASS.sub("x", pattern.name)))


def _replaces_groups(node: exp.Expr) -> bool:
    if not isinstance(node, exp.RegexpReplace):
        return False
    by = node.args.get("replacement")
    return by is not None and not (by.is_string and not re.search(r"[$\\]", by.name))


def _starts_before_text(node: exp.Expr) -> bool:
    start = node.args.get("start") if isinstance(node, exp.Substring) else None
    if isinstance(node, exp.Left | exp.Right):
        start = node.expression
    return start is not None and start.is_number and not start.name.strip("0")


def _reads_json(node: exp.Expr) -> bool:
    return isinstance(
        node,
        exp.JSONExtract
        | exp.JSONExtractScalar
        | exp.JSONExtractArray
        | exp.JSONFormat
        | exp.ParseJSON
        | exp.FromJson,
    ) or is_call(node, "json_parse", "json_size", "json_array_get", "json_query", "json_value", "to_json")


def _is_mixed(node: exp.Expr) -> bool:
    """Text beside a number, with no cast to say which becomes the other."""
    if isinstance(node, exp.Concat):
        return any(kind_of(each) in (*NUMBERS, Kind.BOOLEAN) for each in node.expressions)
    if isinstance(node, exp.DPipe):
        return any(kind_of(each) in (*NUMBERS, Kind.BOOLEAN) for each in (node.left, node.right))
    if not isinstance(node, _COMPARES):
        return False
    kinds = {kind_of(node.left), kind_of(node.right)}
    return Kind.TEXT in kinds and not kinds.isdisjoint(NUMBERS)


def _escapes_by_backslash(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Like | exp.ILike) or isinstance(node.parent, exp.Escape):
        return False
    return not node.expression.is_string or "\\" in node.expression.name


def _replaces_nothing(node: exp.Expr) -> bool:
    found = node.expression if isinstance(node, exp.Replace) else None
    return isinstance(found, exp.Literal) and not found.name


TEXT_RULES = (
    Rule(
        "replace_nothing",
        _replaces_nothing,
        "of '' puts the text between all letters in Athena, and changes nothing in DuckDB and Spark",
        "replace(x, 'a', 'b') of a text that isn't empty",
        "SELECT replace('abc', '', 'x')",
        "SELECT replace('abc', 'b', 'x')",
        answers={"Athena": "xaxbxcx", "DuckDB": "abc", "Spark": "abc"},
    ),
    Rule(
        "sized_text",
        _has_size,
        "cuts or fills text in Athena and does nothing in DuckDB",
        "substr(x, 1, n), CAST(x AS VARCHAR)",
        "SELECT CAST('abc' AS VARCHAR(2))",
        "SELECT substr('abc', 1, 2)",
        dialect="athena",
        answers={"Athena": "ab", "DuckDB": "abc"},
    ),
    Rule(
        "no_match",
        _makes_empty_text,
        "is NULL in Athena where nothing is found, and '' in DuckDB and Spark",
        "nullif(split_part(…), ''), nullif(regexp_extract(…), '')",
        "SELECT split_part('a:b', ':', 3)",
        "SELECT nullif(split_part('a:b', ':', 3), '')",
        dialect="athena",
        answers={"Athena": "NULL", "DuckDB": "", "Spark": ""},
    ),
    Rule(
        "regex",
        _has_odd_regex,
        "has $ before a last line break, another dot, and other letters in \\w, \\b, \\s and (?i) in each"
        " engine",
        "a literal pattern with \\z, [0-9], [A-Za-z] and [^\\n], or LIKE",
        "SELECT 'a\\n' RLIKE '^a$'",
        "SELECT 'a\\n' RLIKE '^a\\\\z'",
        answers={"DuckDB": "False", "Spark": "True"},
    ),
    Rule(
        "regexp_replace",
        _replaces_groups,
        "refers to groups as $1 or as \\1",
        "replace(x, 'a', 'b'), or a replacement that is plain text",
        "SELECT regexp_replace('ab', '(a)', '$1$1')",
        "SELECT regexp_replace('ab', '(a)', 'aa')",
        answers={"DuckDB": "$1$1b", "Spark": "aab"},
    ),
    Rule(
        "substring",
        _starts_before_text,
        "from 0 is '' in Athena, and takes the first letters in Spark and fewer in DuckDB",
        "substr(x, 1, n) with a start of 1 or more",
        "SELECT substring('abc', 0, 2)",
        "SELECT substring('abc', 1, 2)",
        answers={"Athena": "", "DuckDB": "a", "Spark": "ab"},
    ),
    Rule(
        "case",
        lambda node: isinstance(node, exp.Lower | exp.Upper | exp.ILike | exp.Initcap),
        "of letters such as İ, ß and Σ is another text in each engine",
        "the text as it is; codes are compared as they are written",
        "SELECT upper('ß')",
        "SELECT 'ß'",
        answers={"DuckDB": "ẞ", "Spark": "SS"},
        own_only=True,
    ),
    Rule(
        "like_escape",
        _escapes_by_backslash,
        "has \\ as escape in Spark and none in Athena and DuckDB",
        "LIKE 'a!_b' ESCAPE '!'",
        "SELECT 'a_c' LIKE 'a\\\\_c'",
        "SELECT 'a_c' LIKE 'a!_c' ESCAPE '!'",
        answers={"DuckDB": "False", "Spark": "True"},
    ),
    Rule(
        "text_and_number",
        _is_mixed,
        "is an error in Athena; DuckDB and Spark convert the one or the other",
        "CAST(n AS VARCHAR), or compare numbers with numbers",
        "SELECT 'a' || 1",
        "SELECT 'a' || CAST(1 AS VARCHAR)",
        dialect="athena",
        answers={"Athena": "error", "DuckDB": "a1"},
    ),
    Rule(
        "json",
        _reads_json,
        "of an object or array is NULL in Athena and JSON text in DuckDB and Spark; numbers keep their text"
        " in some",
        "a column of the view (healthlake/views)",
        "SELECT json_extract_scalar('{\"a\":{\"b\":1}}', '$.a')",
        "SELECT gender FROM silver_dim_patient",
        dialect="athena",
        answers={"Athena": "NULL", "DuckDB": '{"b":1}', "Spark": '{"b":1}'},
    ),
    Rule(
        "format",
        lambda node: isinstance(node, exp.Format) or is_call(node, "format_number", "printf"),
        "has {} for a value in DuckDB and %s in the others: '%s-%s' comes back as it is",
        "concat(a, '-', b)",
        "SELECT format_string('%s-%s', 'a', 'b')",
        "SELECT concat('a', '-', 'b')",
        answers={"Athena": "a-b", "DuckDB": "%s-%s", "Spark": "a-b"},
    ),
)
