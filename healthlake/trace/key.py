"""The key of a silver row as a person types it: which table, which id, which part.

A key is a value of a record: no message repeats it.
"""

from __future__ import annotations

import datetime
import difflib
import re
from dataclasses import dataclass, field

from healthlake.contracts.model import Contract, Layer
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES, ResourceType
from healthlake.errors import UsageError

_INDEXED = re.compile(r"(.+):(-?\d{1,9})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TraceKey:
    """A key of `table`, which is one of the type's. Either `grain` is given (of its collapsed table), or
    `resource_id`, with an `index` where one row of several is meant."""

    table: str
    kind: ResourceType
    expected: str
    resource_id: str | None = field(default=None, repr=False)
    index: int | None = None
    grain: tuple[str | datetime.datetime, ...] = field(default=(), repr=False)


def traced_table(name: str) -> Contract:
    """The table to trace: silver's of a resource type, its bronze table, or one of gold; `UsageError` names
    the nearest."""
    names = [*(table.name for kind in RESOURCE_TYPES for table in (kind.bronze, *kind.tables))]
    names += [table.name for table in TABLES.values() if table.layer is Layer.GOLD]
    if name in names:
        return TABLES[name]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    what = "has no rows with a key to trace" if name in TABLES else "is no table"
    raise UsageError(f"tracing {name}: it {what}.{hint} Tables: {', '.join(names)}.")


def trace_key(table: Contract, text: str) -> TraceKey:
    """Reads the key of a row of bronze or silver."""
    kind = next(kind for kind in RESOURCE_TYPES if table in (kind.bronze, *kind.tables))
    collapsed = kind.collapsed
    if collapsed and table == collapsed.table:
        expected = f"{','.join(collapsed.columns)} with the time in UTC, such as 2026-01-31T09:30:00"
        return TraceKey(table.name, kind, expected, grain=_grain(table, expected, text))
    if len(kind.row_key) == 1:
        return TraceKey(table.name, kind, kind.key, text)
    expected = f"{kind.key} or {':'.join(kind.row_key)}"
    if indexed := _INDEXED.fullmatch(text):
        return TraceKey(table.name, kind, expected, indexed[1], int(indexed[2]))
    return TraceKey(table.name, kind, expected, text)


def _grain(table: Contract, expected: str, text: str) -> tuple[str | datetime.datetime, ...]:
    """The values of a grain, a comma between them. The last may have commas of its own."""
    parts = text.split(",", len(table.grain) - 1)
    try:
        values = [
            _utc(part) if table.column(name).unit == "UTC" else part
            for name, part in zip(table.grain, parts, strict=True)
        ]
    except ValueError:
        raise UsageError(
            f"tracing a row of {table.name}: the key can't be read; expected {expected}."
        ) from None
    return tuple(values)


def _utc(text: str) -> datetime.datetime:
    """The instant as the tables have it: UTC, without zone."""
    read = datetime.datetime.fromisoformat(text)
    return read.astimezone(datetime.UTC).replace(tzinfo=None) if read.tzinfo else read
