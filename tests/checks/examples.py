"""The rules' examples as tables: rows completed from the table's plain row and typed by its contract."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Check
from healthlake.checks.run import read_by
from healthlake.contracts.model import ColumnType
from healthlake.contracts.registry import TABLES
from healthlake.split import arrow_schema

DAY = datetime.date(2026, 1, 31)
"""The day that rules are asked about."""

PLAIN: Mapping[str, Mapping[str, Any]] = json.loads(
    Path(__file__).with_name("plain_rows.json").read_text("utf-8")
)
"""Table -> a row that no rule has anything against; what it leaves out is NULL. Dates are ISO text."""

_READ = {
    ColumnType.DATE: datetime.date.fromisoformat,
    ColumnType.TIMESTAMP: datetime.datetime.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Example:
    """Tables in which `check` is violated, or applies and is not."""

    check: Check
    trips: bool
    rows: Mapping[str, Sequence[Mapping[str, object]]]

    @property
    def name(self) -> str:
        return f"{self.check.id} {self.check.name} {'trips' if self.trips else 'passes'}"

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """Every table that the check reads -> its rows."""
        read = {**read_by([self.check]), self.check.table: False}
        return {name: [typed(name, row) for row in self.rows.get(name, ())] for name in {*read, *self.rows}}

    def is_met(self, applicable: int, violated: int) -> bool:
        return violated >= 1 if self.trips else applicable >= 1 and violated == 0


def all_examples() -> Iterator[Example]:
    for checks in catalogue().values():
        for check in checks:
            if check.has_query:
                yield Example(check, True, check.trips)
                yield Example(check, False, check.passes)


def typed(table: str, row: Mapping[str, object]) -> dict[str, object]:
    """The plain row with `row` over it, ISO text read as dates and times."""
    contract = TABLES[table]
    if unknown := row.keys() - set(contract.column_names):
        raise KeyError(f"{table} has no column {sorted(unknown)}")
    values = {**PLAIN[table], **row}
    return {column.name: _typed(column.type, values.get(column.name)) for column in contract}


def _typed(kind: ColumnType, value: object) -> object:
    return _READ[kind](value) if kind in _READ and isinstance(value, str) else value


def arrow(table: str, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(TABLES[table]))
