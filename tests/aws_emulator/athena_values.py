"""Arrow columns as Athena shows them: the type's name in ResultSetMetadata and each value's text."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pyarrow as pa

from tests.aws_emulator.athena_model import Column

_PLAIN = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_int8, "tinyint"),
    (pa.types.is_int16, "smallint"),
    (pa.types.is_int32, "integer"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_float32, "float"),
    (pa.types.is_float64, "double"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_binary, "varbinary"),
    (pa.types.is_large_binary, "varbinary"),
    (pa.types.is_map, "map"),
    (pa.types.is_struct, "row"),
    (pa.types.is_list, "array"),
    (pa.types.is_large_list, "array"),
)


def column(field: pa.Field) -> Column:
    """How ResultSetMetadata describes an Arrow field."""
    kind = field.type
    if pa.types.is_decimal(kind):
        # DuckDB's sum of integers is a HUGEINT, which comes as decimal(38, 0); Athena's is a bigint.
        if (kind.precision, kind.scale) == (38, 0):
            return Column(field.name, "bigint", 19)
        return Column(field.name, "decimal", kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return Column(field.name, "timestamp with time zone" if kind.tz else "timestamp", 3)
    named = next((name for holds, name in _PLAIN if holds(kind)), "varchar")
    return Column(field.name, named, 2147483647 if named == "varchar" else 0)


def texts(table: pa.Table) -> list[tuple[str | None, ...]]:
    """The rows of `table` as Athena's text, None for NULL."""
    columns = [[_text(value) for value in each.to_pylist()] for each in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat(" ", "microseconds")
        return f"{text} UTC" if value.tzinfo else text
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_inner(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        if value and isinstance(value[0], tuple):
            return "{" + ", ".join(f"{_inner(key)}={_inner(each)}" for key, each in value) + "}"
        return "[" + ", ".join(map(_inner, value)) + "]"
    return str(value)


def _inner(value: Any) -> str:
    text = _text(value)
    return "null" if text is None else text


def _double(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value).replace("e+", "E").replace("e", "E")
