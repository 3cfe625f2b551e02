"""Rows of a query as CSV and JSON, the same text for the same value on every run.

NULL is an empty field in CSV and null in JSON, an empty text is "" in both. A timestamp is UTC and written as
`2026-01-01 09:30:00`, a decimal as a number, bytes as hex digits. NaN and the infinities, for which JSON has
no number, are null there.
"""

from __future__ import annotations

import decimal
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

_QUOTED = ('"', ",", "\n", "\r")


def write_csv(out: TextIO, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """One line a row, fields quoted where they must be."""
    out.write(",".join(map(_csv_field, header)) + "\n")
    for row in rows:
        out.write(",".join(map(_csv_field, row)) + "\n")


def write_json(out: TextIO, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """An array with an object a row, one row a line."""
    before = "["
    for row in rows:
        record = {name: _json_value(value) for name, value in zip(header, row, strict=True)}
        out.write(before + json.dumps(record, ensure_ascii=False, default=str))
        before = ",\n "
    out.write("[]\n" if before == "[" else "]\n")


def _csv_field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | Mapping):
        text = json.dumps(_json_value(value), ensure_ascii=False, default=str)
    else:
        text = value.hex() if isinstance(value, bytes) else str(value)
    if not text or any(mark in text for mark in _QUOTED):
        return '"' + text.replace('"', '""') + '"'
    return text


def _json_value(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _json_value(item) for name, item in value.items()}
    return value
