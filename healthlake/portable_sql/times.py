"""Rules on dates and timestamps."""

from __future__ import annotations

import re

from sqlglot import exp

from healthlake.portable_sql.kinds import TIMES, Kind, kind_of
from healthlake.portable_sql.model import Rule, is_call

_PARTS = {"year", "quarter", "month", "day", "hour", "minute"}
# sqlglot writes what Spark's pattern says of leading zeros behind the letter.
_PATTERN = re.compile(r"(?:[^%A-Za-z]|%[YmdHMST](?:strict)?)*")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d+)?)?")
_ZONED = (exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ)
_ADDS = (exp.DateAdd, exp.DateSub, exp.TsOrDsAdd, exp.TimestampTrunc, exp.DateTrunc)
_COMPARES = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)


def _counts_units(node: exp.Expr) -> bool:
    """A difference that isn't one of days between dates: there there is nothing to round."""
    if isinstance(node, exp.TimestampDiff | exp.DatetimeDiff | exp.MonthsBetween):
        return True
    if isinstance(node, exp.Sub):
        return kind_of(node.left) is Kind.DATE and kind_of(node.right) is Kind.DATE
    if not isinstance(node, exp.DateDiff):
        return False
    unit = node.args.get("unit")
    if unit is None or isinstance(node.this, exp.TsOrDsToDate):
        return unit is not None and unit.name.lower() != "day"
    ends = (node.this, node.expression)
    return unit.name.lower() != "day" or not all(isinstance(e, exp.Cast) and e.is_type("date") for e in ends)


def _moves_date(node: exp.Expr) -> bool:
    """Arithmetic whose type depends on the engine, unless a cast around it says it."""
    if isinstance(node.parent, exp.Cast):
        return False
    if isinstance(node, exp.Add | exp.Sub):
        moved = isinstance(node.left, exp.Interval) or isinstance(node.right, exp.Interval)
        return moved and Kind.TIMESTAMP not in (kind_of(node.left), kind_of(node.right))
    return isinstance(node, _ADDS) and kind_of(node.this) is not Kind.TIMESTAMP


def _has_zone(node: exp.Expr) -> bool:
    if isinstance(node, exp.DataType):
        return node.this in _ZONED
    return isinstance(
        node, exp.AtTimeZone | exp.FromISO8601Timestamp | exp.UnixToTime | exp.ConvertTimezone
    ) or is_call(
        node, "at_timezone", "with_timezone", "from_utc_timestamp", "to_utc_timestamp", "to_unixtime"
    )


def _is_odd_part(node: exp.Expr) -> bool:
    if isinstance(node, exp.Extract):
        return node.name.lower() not in _PARTS
    return isinstance(node, exp.DayOfWeek) or is_call(node, "weekday")


def _is_odd_format(node: exp.Expr) -> bool:
    if not isinstance(node, exp.TimeToStr):
        return False
    pattern = node.args.get("format")
    return not (isinstance(pattern, exp.Literal) and _PATTERN.fullmatch(pattern.name))


def _parses_text(node: exp.Expr) -> bool:
    """Text to a date or timestamp, other than a literal in ISO form."""
    if isinstance(node, exp.StrToTime | exp.StrToDate | exp.StrToUnix | exp.UnixToStr | exp.FromISO8601Date):
        return True
    if isinstance(node, exp.TsOrDsToDate):
        return node.args.get("format") is not None or kind_of(node.this) is Kind.TEXT
    reads = isinstance(node, exp.Date) or (isinstance(node, exp.Cast) and kind_of(node) in TIMES)
    if not reads or kind_of(node.this) is not Kind.TEXT:
        return False
    return not (isinstance(node.this, exp.Literal) and _ISO.fullmatch(node.this.name))


def _is_time_as_text(node: exp.Expr) -> bool:
    """A date or timestamp beside text, with no cast to say which becomes the other."""
    if isinstance(node, exp.Between | exp.In):
        kinds = {kind_of(each) for each in node.iter_expressions()}
    elif isinstance(node, (*_COMPARES, exp.DPipe)):
        kinds = {kind_of(node.left), kind_of(node.right)}
    elif isinstance(node, exp.Concat):
        kinds = {Kind.TEXT, *(kind_of(each) for each in node.expressions)}
    else:
        return False
    return Kind.TEXT in kinds and not kinds.isdisjoint(TIMES)


def _is_timestamp_to_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Cast) and kind_of(node) is Kind.TEXT and kind_of(node.this) is Kind.TIMESTAMP


TIME_RULES = (
    Rule(
        "timestamp_to_text",
        _is_timestamp_to_text,
        "has all digits of its precision in Athena, and no trailing zeros in DuckDB and Spark",
        "date_format(t, '%Y-%m-%d %H:%i:%S') (in Spark's dialect 'yyyy-MM-dd HH:mm:ss')",
        "SELECT CAST(TIMESTAMP_NTZ '2026-01-01 10:00:00' AS STRING)",
        "SELECT date_format(TIMESTAMP_NTZ '2026-01-01 10:00:00', 'yyyy-MM-dd HH:mm:ss')",
        answers={
            "Athena": "2026-01-01 10:00:00.000000",
            "DuckDB": "2026-01-01 10:00:00",
            "Spark": "2026-01-01 10:00:00",
        },
    ),
    Rule(
        "date_diff",
        _counts_units,
        "counts completed units in Athena and Spark, crossed boundaries in DuckDB; the difference of two"
        " dates is a number or an interval",
        "age_in_years(birth, day), or date_diff('day', …) of two values cast to DATE",
        "SELECT datediff(YEAR, DATE '1990-12-31', DATE '2024-06-01')",
        "SELECT datediff(DATE '2024-06-01', DATE '1990-12-31')",
        answers={"Athena": "33", "DuckDB": "34", "Spark": "33"},
    ),
    Rule(
        "date_arithmetic",
        _moves_date,
        "of a DATE is a TIMESTAMP in DuckDB",
        "CAST(d + INTERVAL '1' DAY AS DATE), CAST(date_trunc('month', d) AS DATE)",
        "SELECT DATE '2026-01-31' + INTERVAL '1' DAY",
        "SELECT CAST(DATE '2026-01-31' + INTERVAL '1' DAY AS DATE)",
        answers={"Athena": "2026-02-01", "DuckDB": "2026-02-01 00:00:00", "Spark": "2026-02-01"},
        own_only=True,
    ),
    Rule(
        "time_zone",
        _has_zone,
        "depends on the session's zone; every timestamp here is UTC without zone",
        "fhir_instant(text), start_of_day(date), TIMESTAMP '…' (in Spark's dialect TIMESTAMP_NTZ '…')",
        "SELECT CAST(DATE '2026-01-31' AS TIMESTAMP)",
        "SELECT CAST(DATE '2026-01-31' AS TIMESTAMP_NTZ)",
        answers={"DuckDB": "2026-01-31 00:00:00-05:00", "Spark": "2026-01-31 00:00:00"},
    ),
    Rule(
        "date_part",
        _is_odd_part,
        "counts days of the week from another day and another number, and seconds with or without fraction",
        "date_diff('day', DATE '2001-01-01', CAST(d AS DATE)) % 7 (0 is a Monday), or year(), month(), day()",
        "SELECT dayofweek(DATE '2026-01-04')",
        "SELECT datediff(DATE '2026-01-04', DATE '2001-01-01') % 7",
        answers={"Athena": "7", "DuckDB": "0", "Spark": "1"},
    ),
    Rule(
        "date_format",
        _is_odd_format,
        "knows other letters in each engine, and names in another language",
        "a literal pattern of year, month, day, hour, minute and second",
        "SELECT date_format(TIMESTAMP_NTZ '2026-01-31 10:00:00', 'HH:mm:ss.SSS')",
        "SELECT date_format(TIMESTAMP_NTZ '2026-01-31 10:00:00', 'HH:mm:ss')",
        answers={"DuckDB": "10:00:00.SSS", "Spark": "10:00:00.000"},
    ),
    Rule(
        "text_to_date",
        _parses_text,
        "takes more forms in one engine than in another (2026-01 is a date in Spark), and fails or is NULL on"
        " the rest",
        "fhir_date(text), fhir_instant(text)",
        "SELECT try_cast('2026-01' AS DATE)",
        "SELECT fhir_date('2026-01')",
        answers={"DuckDB": "NULL", "Spark": "2026-01-01"},
    ),
    Rule(
        "date_as_text",
        _is_time_as_text,
        "is an error in Athena; DuckDB and Spark convert the one or the other",
        "DATE '2026-01-31', TIMESTAMP '2026-01-31 10:00:00'",
        "SELECT DATE '2026-01-01' = '2026-01-01'",
        "SELECT DATE '2026-01-01' = DATE '2026-01-01'",
        dialect="athena",
        answers={"Athena": "error", "DuckDB": "True"},
    ),
)
