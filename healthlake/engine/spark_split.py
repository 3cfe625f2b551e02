"""Splits a drop in Spark's tasks: one job looks at the files, one splits pieces of them.

Tasks write the bronze files themselves and give back counts, so that no record passes through the JVM. They
run our own code only: what fails there fails with our own words.
"""

from __future__ import annotations

import datetime
import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.contracts.registry import BRONZE_TYPES
from healthlake.engine.bronze_files import Share, write_share
from healthlake.engine.protocol import Progress
from healthlake.engine.spark_tasks import TaskProgress, run_tasks, watching
from healthlake.errors import HealthlakeError
from healthlake.lake.layout import LakeLayout
from healthlake.lake.raw import drop_file
from healthlake.split import (
    Batches,
    FileCounts,
    Look,
    Piece,
    RecordReader,
    SourceFile,
    file_rows,
    look,
    plan,
    split_piece,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PIECE_BYTES = 64 * 1024 * 1024
"""Uncompressed content that one task gets, and the size of the ranges that large NDJSON is cut into: about a
second of work for each, and Parquet files of some 10 MB."""

SMALL_BYTES = 8 * 1024 * 1024
"""A drop below this isn't worth a second task."""


class Looks(msgspec.Struct):
    """What a task that looks gives back."""

    found: list[Look]


class Part(msgspec.Struct):
    """What a task that splits gives back: its share of the files and the counts of its pieces by file_id."""

    name: str
    rows: dict[str, int]
    counts: list[tuple[str, FileCounts]]


def split_drop(
    session: SparkSession,
    layout: LakeLayout,
    day: datetime.date,
    files: Sequence[SourceFile],
    progress: Progress,
) -> list[Share]:
    """Splits the files of a drop; on an error no file is left that a task told of."""
    looks = _looks(session, layout, day, files)
    raw_share = {found.path: found.size_bytes / max(found.content_bytes, 1) for found in looks}
    parts, failed = _parts(session, layout, day, plan(looks), raw_share, progress)
    shares = [Share(part.name, part.rows) for part in parts]
    try:
        if failed:
            raise failed[0]
        counts = [each for part in parts for each in part.counts]
        rows = file_rows(looks, counts, day)
        shares.append(write_share(layout, day, [(BRONZE_FILE.name, rows)]))
    except BaseException:
        for share in shares:
            share.remove(layout, day)
        raise
    return shares


def _looks(
    session: SparkSession, layout: LakeLayout, day: datetime.date, files: Sequence[SourceFile]
) -> list[Look]:
    def task(paths: list[str], _: TaskProgress) -> Looks:
        folder = layout.drop(day)
        where = f"looking at a file of the drop of {day}"
        files = [drop_file(folder / path, folder) for path in paths]
        return Looks([look(file, PIECE_BYTES, where=where) for file in files])

    shared = _shared_out([(file.path, file.size_bytes) for file in files])
    with watching(layout, lambda done, entries: None) as notes:
        made, failed = run_tasks(session, shared, task, Looks, notes)
    if failed:
        raise failed[0]
    return [found for each in made for found in each.found]


def _parts(
    session: SparkSession,
    layout: LakeLayout,
    day: datetime.date,
    pieces: Sequence[Piece],
    raw_share: dict[str, float],
    progress: Progress,
) -> tuple[list[Part], list[HealthlakeError]]:
    def task(mine: list[Piece], done: TaskProgress) -> Part:
        counts: list[tuple[str, FileCounts]] = []
        batches = _rows_of(mine, layout, day, raw_share, counts, done)
        share = write_share(layout, day, batches)
        return Part(share.name, share.rows, counts)

    shared = _shared_out([(piece, piece.lines.end - piece.lines.start) for piece in pieces])
    with watching(layout, progress) as notes:
        return run_tasks(session, shared, task, Part, notes)


def _rows_of(
    pieces: Iterable[Piece],
    layout: LakeLayout,
    day: datetime.date,
    raw_share: dict[str, float],
    counts: list[tuple[str, FileCounts]],
    done: TaskProgress,
) -> Iterator[tuple[str, pa.RecordBatch]]:
    folder = layout.drop(day)
    reader, batches = RecordReader(BRONZE_TYPES), Batches(day, BRONZE_TYPES)
    where = f"splitting the drop of {day}:"
    for piece in pieces:
        share = raw_share[piece.path]

        def report(offset: int, entries: int, share: float = share) -> None:
            done.within(int(offset * share), entries)

        file = drop_file(folder / piece.path, folder)
        made = yield from split_piece(file, piece, reader, batches, report, where=where)
        counts.append((piece.file_id, made))
        done.add(int(made.content_bytes * share), made.entries)
    yield from batches.rest()


def _shared_out(items: Sequence[tuple[Any, int]]) -> list[list[Any]]:
    """Items with their bytes -> shares of about equal size: the largest first, each to the share with the
    least. Inside a share the order stays."""
    total = sum(size for _, size in items)
    number = math.ceil(total / PIECE_BYTES) if total > PIECE_BYTES else 1 + (total > SMALL_BYTES)
    number = max(1, min(number, len(items)))
    loads = [(0, share) for share in range(number)]
    places = [0] * len(items)
    for place in sorted(range(len(items)), key=lambda place: -items[place][1]):
        load, places[place] = loads[0]
        heapq.heapreplace(loads, (load + items[place][1], places[place]))
    shares: list[list[Any]] = [[] for _ in range(number)]
    for (item, _), share in zip(items, places, strict=True):
        shares[share].append(item)
    return [share for share in shares if share]
