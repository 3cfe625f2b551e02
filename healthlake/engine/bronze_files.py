"""Writes the batches of the splitter to one Parquet file a bronze table and day, as they come: a day needn't
fit in memory."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from healthlake.split import SourceFile, SplitProgress, split_day

from healthlake.contracts.model import Contract
from healthlake.contracts.registry import BRONZE_TABLES, BRONZE_TYPES
from healthlake.engine.protocol import Staged
from healthlake.lake.layout import LakeLayout

_PLAIN = ("resource", "content_hash", "local_references")
"""Columns that gain nothing from a dictionary: nearly every value is different."""


class BronzeWriter:
    """Writes one day of bronze."""

    def __init__(self, layout: LakeLayout, day: datetime.date) -> None:
        self._layout = layout
        self._day = day
        self._writers: dict[str, tuple[Path, pq.ParquetWriter]] = {}
        self._rows: dict[str, int] = {}

    def write(self, files: Sequence[SourceFile], progress: Callable[[int, int], None]) -> list[Staged]:
        """Splits `files` and stages every bronze table of the day; on an error nothing is left behind."""

        def report(done: SplitProgress) -> None:
            progress(done.bytes, done.entries)

        try:
            for table, batch in split_day(files, self._day, BRONZE_TYPES, progress=report):
                if batch.num_rows:
                    self._writer(table, batch.schema).write_batch(batch)
                    self._rows[table] = self._rows.get(table, 0) + batch.num_rows
        except BaseException:
            self._close()
            for path, _ in self._writers.values():
                path.unlink(missing_ok=True)
            raise
        self._close()
        return [self._staged(contract) for contract in BRONZE_TABLES]

    def _writer(self, table: str, schema: pa.Schema) -> pq.ParquetWriter:
        if table not in self._writers:
            contract = next(contract for contract in BRONZE_TABLES if contract.name == table)
            folder = self._layout.partition(contract, self._day)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{uuid.uuid4()}.parquet"
            dictionary = [name for name in schema.names if name not in _PLAIN]
            writer = pq.ParquetWriter(
                path, schema, compression="zstd", compression_level=1, use_dictionary=dictionary
            )
            self._writers[table] = (path, writer)
        return self._writers[table][1]

    def _close(self) -> None:
        for _, writer in self._writers.values():
            writer.close()

    def _staged(self, contract: Contract) -> Staged:
        rows = self._rows.get(contract.name, 0)
        files = ((str(self._writers[contract.name][0]), rows),) if rows else ()
        return Staged(contract, self._day, f"staged_{contract.name}_{self._day:%Y%m%d}", rows, files)
