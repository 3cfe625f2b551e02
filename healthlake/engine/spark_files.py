"""Tasks of Spark that write their rows to Parquet files in the folder of a table, and tell what they wrote.

A task names its files itself, so that neither a rename (a copy on S3) nor a committer is needed: a file
counts only when the driver publishes it. What a failed or repeated task wrote is named by nobody.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from healthlake.contracts.model import DT, Contract
from healthlake.engine.bronze_files import give_up
from healthlake.engine.spark_tasks import FACTS, facts
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import lake_path, parquet_writer, walk
from healthlake.split import arrow_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROW_GROUP_BYTES = 64 * 1024 * 1024
"""Of Arrow data: this much lies in a task's memory, of all its files; the largest becomes a row group."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a task wrote."""

    path: str
    day: datetime.date
    rows: int


def write_files(frame: DataFrame, contract: Contract, layout: LakeLayout) -> list[Written]:
    """Runs `frame` and writes its rows, those of each day apart; on an error no file is left."""
    # Of a task that failed, or was given up, only this is known.
    prefix = uuid.uuid4().hex

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        writing = _Writing(contract, layout, prefix)
        try:
            for batch in batches:
                writing.add(batch)
            written = writing.close()
        except BaseException:
            writing.undo()
            raise
        yield facts([{"path": each.path, "day": each.day.isoformat(), "rows": each.rows} for each in written])

    try:
        found = [json.loads(row.facts) for row in frame.mapInArrow(write, FACTS).collect()]
    except BaseException:
        for each in walk(layout.table(contract)):
            if each.path.name.startswith(f"{prefix}-"):
                each.path.unlink(missing_ok=True)
        raise
    written = [
        Written(each["path"], datetime.date.fromisoformat(each["day"]), each["rows"]) for each in found
    ]
    return sorted(written, key=lambda each: (each.day, each.path))


@dataclass(slots=True)
class _File:
    path: str
    rows: int = 0
    held: list[pa.RecordBatch] = field(default_factory=list)
    held_bytes: int = 0
    writer: pq.ParquetWriter | None = None


class _Writing:
    """The files of one task."""

    def __init__(self, contract: Contract, layout: LakeLayout, prefix: str) -> None:
        self._prefix = prefix
        self._held_bytes = 0
        self._contract = contract
        self._layout = layout
        self._schema = arrow_schema(contract)
        self._files: dict[datetime.date, _File] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        batch = pa.RecordBatch.from_arrays(batch.columns, schema=self._schema)
        days = pc.unique(batch.column(DT)).to_pylist()
        for day in days:
            rows = batch if len(days) == 1 else batch.filter(pc.equal(batch.column(DT), day))
            self._add(day, rows)

    def _add(self, day: datetime.date, rows: pa.RecordBatch) -> None:
        if day not in self._files:
            folder = self._layout.partition(self._contract, day)
            self._files[day] = _File(str(folder / f"{self._prefix}-{uuid.uuid4().hex}.parquet"))
        file = self._files[day]
        file.held.append(rows)
        file.held_bytes += rows.nbytes
        file.rows += rows.num_rows
        self._held_bytes += rows.nbytes
        if self._held_bytes >= ROW_GROUP_BYTES:
            self._flush(max(self._files.values(), key=lambda each: each.held_bytes))

    def _flush(self, file: _File) -> None:
        if file.writer is None:
            path = lake_path(file.path)
            file.writer = parquet_writer(path, self._schema, compression="zstd", compression_level=1)
        if file.held:
            file.writer.write_table(pa.Table.from_batches(file.held, self._schema))
        self._held_bytes -= file.held_bytes
        file.held, file.held_bytes = [], 0

    def close(self) -> list[Written]:
        for file in self._files.values():
            self._flush(file)
            if file.writer is not None:
                file.writer.close()
        return [Written(file.path, day, file.rows) for day, file in self._files.items()]

    def undo(self) -> None:
        for file in self._files.values():
            if file.writer is not None:
                give_up(file.writer)
            lake_path(file.path).unlink(missing_ok=True)
