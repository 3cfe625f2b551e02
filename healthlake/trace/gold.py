"""What a gold row was computed from: the days of each table that its SQL reads, with their rows.

Counts come from the files of the snapshots that are current now; nothing is scanned.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from healthlake.conform.as_of import as_of_name
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.day_rows import rows_by_day
from healthlake.days import iso_day
from healthlake.engine.protocol import Engine
from healthlake.errors import UsageError
from healthlake.lake.catalog import LakeCatalog


@dataclass(frozen=True, slots=True)
class GoldInput:
    """The rows of one day of a table that gold reads; history stands for the state as known on the day."""

    table: str
    dt: datetime.date
    rows: int


@dataclass(frozen=True, slots=True)
class GoldTrace:
    """`rows` of the gold table match the key; `inputs` are all that the whole day was computed from."""

    table: str
    dt: datetime.date
    rows: int
    inputs: tuple[GoldInput, ...]


def trace_gold(
    engine: Engine, catalog: LakeCatalog, table: Contract, relations: Collection[str], key: str
) -> GoldTrace:
    """The inputs of a gold row. The key is its day, then as much of its grain as is known, a comma between
    them; `UsageError` where there is no such row."""
    expected = f"expected DAY or DAY,{','.join(table.grain)}"
    first, *grain = key.split(",", len(table.grain))
    if (day := iso_day(first)) is None:
        raise UsageError(f"tracing a row of {table.name}: the key starts with no day, {expected}.")
    rows = _matching(engine, table, day, grain)
    if not rows:
        raise UsageError(
            f"tracing a row of {table.name}: there is no such row on {day}, {expected}. See what there is:"
            f" healthlake sql \"SELECT * FROM {table.name} WHERE dt = DATE '{day}'\"; or compute it:"
            f" healthlake materialize --from {day} --select key:{table.name}"
        )
    return GoldTrace(table.name, day, rows, tuple(_inputs(engine, catalog, relations, day)))


def _matching(engine: Engine, table: Contract, day: datetime.date, grain: list[str]) -> int:
    engine.read(table, [day], "traced_gold")
    engine.doing(f"looking a key up in {table.name}")
    names = table.grain[: len(grain)]
    rows = engine.rows(f"SELECT {', '.join(('dt', *names))} FROM traced_gold")
    return sum(["" if value is None else str(value) for value in row[1:]] == grain for row in rows)


def _inputs(
    engine: Engine, catalog: LakeCatalog, relations: Collection[str], day: datetime.date
) -> list[GoldInput]:
    histories = {as_of_name(kind): kind.history.name for kind in RESOURCE_TYPES}
    names = {histories.get(name, name) for name in relations}
    found = []
    for name in (name for name in TABLES if name in names):
        counts = rows_by_day(engine, catalog, TABLES[name])
        found += [GoldInput(name, each, rows) for each, rows in sorted(counts.items()) if each <= day]
    return found
