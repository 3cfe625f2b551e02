"""Rows of a day -> Arrow record batches of the bronze tables. Schemas are made from the contracts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from healthlake.contracts.bronze import (
    BRONZE_DELETION,
    BRONZE_FILE,
    BRONZE_OTHER,
    BRONZE_QUARANTINE,
    POSITION_NAMES,
)
from healthlake.contracts.model import DT, ColumnType, Contract
from healthlake.split.outcome import Deletion, Fault, Outcome, Resource

BATCH_BYTES = 16 * 1024 * 1024

_ARROW: Mapping[ColumnType, pa.DataType] = {
    ColumnType.STRING: pa.string(),
    ColumnType.INT: pa.int32(),
    ColumnType.LONG: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
}

_ROW_BYTES = 256
"""What a row takes in memory beside its JSON, roughly."""


class FileRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `bronze_file` but for the day."""

    path: str
    file_id: str
    size_bytes: int
    content_bytes: int
    kind: str
    is_repeat: bool
    entries: int
    resources: int
    deletions: int
    quarantined: int
    expected_entries: int | None
    unreadable_times: int


def arrow_schema(contract: Contract) -> pa.Schema:
    """The Arrow schema of a table."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in contract])


class _Rows:
    """Rows of one table that aren't a batch yet: structs with the fields `names`, and their positions
    apart."""

    def __init__(self, table: str, contract: Contract, names: Sequence[str]) -> None:
        self.table = table
        self._schema = arrow_schema(contract)
        self._names = names
        self.positions: list[tuple[str, int, int]] = []
        self.rows: list[Any] = []
        self.bytes = 0

    def batch(self, dt: datetime.date) -> pa.RecordBatch:
        """The rows as a batch; none are left."""
        columns = dict.fromkeys(self._schema.names, ())
        if self.rows:
            columns.update(zip(POSITION_NAMES, zip(*self.positions, strict=True), strict=False))
            values = zip(*map(msgspec.structs.astuple, self.rows), strict=True)
            columns.update(zip(self._names, values, strict=True))
        arrays = [
            pa.repeat(pa.scalar(dt, field.type), len(self.rows))
            if field.name == DT
            else pa.array(columns[field.name], field.type)
            for field in self._schema
        ]
        self.positions, self.rows, self.bytes = [], [], 0
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)


class Batches:
    """Collects the rows of a day, or of a part of it, but for those of `bronze_file`. A table's rows become
    a batch in `ready` when they reach `batch_bytes`."""

    def __init__(self, dt: datetime.date, tables: Mapping[str, str], batch_bytes: int = BATCH_BYTES) -> None:
        self._dt = dt
        self._batch_bytes = batch_bytes
        self.ready: list[tuple[str, pa.RecordBatch]] = []
        fields = Resource.__struct_fields__
        self._others = _Rows(BRONZE_OTHER.name, BRONZE_OTHER, fields)
        self._deletions = _Rows(BRONZE_DELETION.name, BRONZE_DELETION, Deletion.__struct_fields__)
        self._faults = _Rows(BRONZE_QUARANTINE.name, BRONZE_QUARANTINE, Fault.__struct_fields__)
        of_table = {table: _Rows(table, BRONZE_OTHER, fields) for table in sorted(set(tables.values()))}
        self._of_type = {type_: of_table[table] for type_, table in tables.items()}
        self._rows = (*of_table.values(), self._others, self._deletions, self._faults)

    def add(self, file_id: str, line: int, entry: int, outcome: Outcome) -> None:
        """Adds a row for what was found in a file."""
        size = _ROW_BYTES
        if type(outcome) is Resource:
            rows = self._of_type.get(outcome.resource_type, self._others)
            size += outcome.resource_bytes
        else:
            rows = self._deletions if type(outcome) is Deletion else self._faults
        rows.positions.append((file_id, line, entry))
        rows.rows.append(outcome)
        rows.bytes += size
        if rows.bytes >= self._batch_bytes:
            self._close(rows)

    def take(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The batches that are ready, each with its table."""
        ready, self.ready = self.ready, []
        yield from ready

    def rest(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """What is left."""
        for rows in self._rows:
            if rows.rows:
                self._close(rows)
        yield from self.take()

    def _close(self, rows: _Rows) -> None:
        self.ready.append((rows.table, rows.batch(self._dt)))


def file_batch(rows: Iterable[FileRow], dt: datetime.date) -> pa.RecordBatch:
    """The rows of `bronze_file` of a day, in the order of paths."""
    files = _Rows(BRONZE_FILE.name, BRONZE_FILE, FileRow.__struct_fields__)
    files.rows.extend(sorted(rows, key=lambda row: row.path))
    return files.batch(dt)
