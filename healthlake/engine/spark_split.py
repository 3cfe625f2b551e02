"""Splits a drop in Spark's tasks: one job looks at the files, one splits pieces of them.

Tasks write the bronze files themselves and give back counts, so that no record passes through the JVM. They
run our own code only: what fails there fails with our own words.
"""

from __future__ import annotations

import datetime
import heapq
import math
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.contracts.registry import BRONZE_TYPES
from healthlake.engine.bronze_files import Share, write_share
from healthlake.engine.protocol import Progress
from healthlake.engine.spark_tasks import TaskProgress, run_tasks, watching
from healthlake.lake.layout import LakeLayout
from healthlake.lake.raw import landed_file
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
from healthlake.split.errors import silent

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
    """Splits the files of a drop; on an error no file is left."""
    looks = _looks(session, layout, day, files)
    drop = _Drop(layout, day, {f.column_path: f.path for f in files}, _raw_shares(looks))
    shared = _shared_out([(piece, piece.lines.end - piece.lines.start) for piece in plan(looks)])
    # Named here: of a task that failed, or was given up, only its name is known.
    named = [(str(uuid.uuid4()), pieces) for pieces in shared]
    own = Share(str(uuid.uuid4()))
    try:
        parts = _parts(session, drop, named, progress)
        counts = [each for part in parts for each in part.counts]
        rows = file_rows(looks, counts, day)
        own = write_share(layout, day, [(BRONZE_FILE.name, rows)], own.name)
    except BaseException:
        for name in (own.name, *(name for name, _ in named)):
            Share(name).remove(layout, day)
        raise
    return [*(Share(part.name, part.rows) for part in parts), own]


@dataclass(frozen=True, slots=True)
class _Drop:
    """What a task needs to know of a drop: its files by their paths as the tables have them, which a name
    that isn't UTF-8 doesn't keep; and of each the bytes in raw for one of its content."""

    layout: LakeLayout
    day: datetime.date
    paths: dict[str, str]
    raw_shares: dict[str, float]

    def open(self, column_path: str, where: str) -> SourceFile:
        with silent(where):
            return landed_file(self.layout, self.day, self.paths[column_path])


def _raw_shares(looks: Sequence[Look]) -> dict[str, float]:
    return {found.path: found.size_bytes / max(found.content_bytes, 1) for found in looks}


def _looks(
    session: SparkSession, layout: LakeLayout, day: datetime.date, files: Sequence[SourceFile]
) -> list[Look]:
    drop = _Drop(layout, day, {file.path: file.path for file in files}, {})

    def task(paths: list[str], _: TaskProgress) -> Looks:
        where = f"looking at a file of the drop of {day}"
        return Looks([look(drop.open(path, where), PIECE_BYTES, where=where) for path in paths])

    shared = _shared_out([(file.path, file.size_bytes) for file in files])
    with watching(layout, lambda done, entries: None) as notes:
        made = run_tasks(session, shared, task, Looks, notes)
    return [found for each in made for found in each.found]


def _parts(
    session: SparkSession, drop: _Drop, named: Sequence[tuple[str, list[Piece]]], progress: Progress
) -> list[Part]:
    def task(mine: tuple[str, list[Piece]], done: TaskProgress) -> Part:
        name, pieces = mine
        counts: list[tuple[str, FileCounts]] = []
        share = write_share(drop.layout, drop.day, _rows_of(pieces, drop, counts, done), name)
        return Part(share.name, share.rows, counts)

    with watching(drop.layout, progress) as notes:
        return run_tasks(session, named, task, Part, notes)


def _rows_of(
    pieces: Iterable[Piece], drop: _Drop, counts: list[tuple[str, FileCounts]], done: TaskProgress
) -> Iterator[tuple[str, pa.RecordBatch]]:
    reader, batches = RecordReader(BRONZE_TYPES), Batches(drop.day, BRONZE_TYPES)
    where = f"splitting the drop of {drop.day}:"
    for piece in pieces:
        share = drop.raw_shares[piece.path]

        def report(offset: int, entries: int, share: float = share) -> None:
            done.within(int(offset * share), entries)

        file = drop.open(piece.path, where)
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
