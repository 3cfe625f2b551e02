"""Writes the batches of the splitter to Parquet as they come: a day needn't fit in memory.

A large drop is split by several processes, each with a share of it and files of its own.
"""

from __future__ import annotations

import contextlib
import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.contracts.registry import BRONZE_TABLES
from healthlake.engine.protocol import Staged
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import LakePath, parquet_writer

_PLAIN = ("resource", "content_hash", "local_references")
"""Columns that gain nothing from a dictionary: nearly every value is different."""

_CONTRACTS = {contract.name: contract for contract in BRONZE_TABLES}


@dataclass(slots=True)
class Share:
    """What a process wrote for its files: rows by table, and the contents that it split. The paths follow
    from `name`."""

    name: str
    rows: dict[str, int] = field(default_factory=dict)
    file_ids: list[str] = field(default_factory=list)

    def path(self, layout: LakeLayout, day: datetime.date, table: str) -> LakePath:
        return layout.partition(_CONTRACTS[table], day) / f"{self.name}.parquet"

    def remove(self, layout: LakeLayout, day: datetime.date) -> None:
        for table in _CONTRACTS:
            # Not there, or its folder isn't one: that may be why the share failed.
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                self.path(layout, day, table).unlink()


def write_share(
    layout: LakeLayout,
    day: datetime.date,
    batches: Iterable[tuple[str, pa.RecordBatch]],
    name: str | None = None,
) -> Share:
    """Writes batches, as the splitter gives them, into one Parquet file a bronze table that gets rows; on an
    error nothing is left behind."""
    share = Share(name or str(uuid.uuid4()))
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for table, batch in batches:
            if not batch.num_rows:
                continue
            if table not in writers:
                writers[table] = _writer(share.path(layout, day, table), batch.schema)
            writers[table].write_batch(batch)
            share.rows[table] = share.rows.get(table, 0) + batch.num_rows
            if table == BRONZE_FILE.name:
                share.file_ids += batch.filter(pc.invert(batch["is_repeat"]))["file_id"].to_pylist()
        for writer in writers.values():
            writer.close()
    except BaseException:
        for writer in writers.values():
            give_up(writer)
        share.remove(layout, day)
        raise
    return share


def give_up(writer: pq.ParquetWriter) -> None:
    """Closes the writer of a file that is then removed, also where the disk is full.

    What `close` raises there hides what went wrong first, and comes again from the collector (26.0.1).
    """
    with contextlib.suppress(OSError):
        writer.close()
    writer.is_open = False


def staged(layout: LakeLayout, day: datetime.date, shares: Sequence[Share]) -> Mapping[str, Staged]:
    """The shares together, by table."""
    found = {}
    for contract in BRONZE_TABLES:
        files = (
            (str(share.path(layout, day, contract.name)), share.rows[contract.name])
            for share in shares
            if contract.name in share.rows
        )
        found[contract.name] = Staged.of(contract, day, files)
    return found


def _writer(path: LakePath, schema: pa.Schema) -> pq.ParquetWriter:
    dictionary = [name for name in schema.names if name not in _PLAIN]
    return parquet_writer(path, schema, compression="zstd", compression_level=1, use_dictionary=dictionary)
