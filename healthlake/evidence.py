"""From a position in the tables to the file in raw and the bytes that lie there.

This gives a file's path and a record's bytes, which may hold a patient's data: they are for the person who
asks for them, never for a log. Errors name days, file_ids and positions only.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.engine.protocol import Engine
from healthlake.errors import DropVanished
from healthlake.lake.layout import LakeLayout
from healthlake.lake.raw import drop_files
from healthlake.split import SourceFile, bytes_at, content_hash_of, record_at


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a row of bronze came from."""

    dt: datetime.date
    file_id: str
    line: int
    entry: int

    def __str__(self) -> str:
        return f"file_id {self.file_id}, line {self.line}, entry {self.entry} of {self.dt}"


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file of a drop as bronze knows it. `path` is as `bronze_file` has it, `lies_at` where it
    should lie."""

    dt: datetime.date
    file_id: str
    path: str = field(repr=False)
    lies_at: Path = field(repr=False)


def raw_files(engine: Engine, layout: LakeLayout, places: set[tuple[datetime.date, str]]) -> list[RawFile]:
    """The files that bronze knows for pairs of day and file_id: of several with one content, the one that
    was split."""
    if not places:
        return []
    engine.read(BRONZE_FILE, sorted({day for day, _ in places}))
    engine.doing("looking files up in bronze_file")
    listed = ", ".join(sorted(f"'{file_id}'" for _, file_id in places))
    rows = engine.rows(
        f"SELECT dt, file_id, path FROM {BRONZE_FILE.name} WHERE NOT is_repeat AND file_id IN ({listed})"
    )
    return [
        RawFile(day, file_id, path, layout.drop(day) / path)
        for day, file_id, path in sorted(rows)
        if (day, file_id) in places
    ]


def record_bytes(engine: Engine, layout: LakeLayout, at: Position, content_hash: str | None) -> bytes:
    """The record at a position as delivered. `content_hash` is what it must have in canonical form; None for
    a deletion.

    `DropVanished` where raw is no longer what bronze was made from.
    """
    found = record_at(_opened(engine, layout, at), at.file_id, at.line, at.entry)
    if found is None or (content_hash and content_hash_of(found) != content_hash):
        raise _vanished(at)
    return found


def stretch_bytes(engine: Engine, layout: LakeLayout, at: Position, offset: int, length: int) -> bytes:
    """A stretch of the uncompressed file; errors as those of `record_bytes`."""
    found = bytes_at(_opened(engine, layout, at), at.file_id, offset, length)
    if found is None:
        raise _vanished(at)
    return found


def _opened(engine: Engine, layout: LakeLayout, at: Position) -> SourceFile:
    paths = {file.path for file in raw_files(engine, layout, {(at.dt, at.file_id)})}
    lying = {file.column_path: file for file in drop_files(layout, at.dt)}
    for path in paths & lying.keys():
        return lying[path]
    raise _vanished(at)


def _vanished(at: Position) -> DropVanished:
    return DropVanished(
        f"reading {at}: raw no longer has what bronze was made from; the file is missing or has other"
        " content. Nothing is shown in its place. Restore it; or, where the drop was corrected (its earlier"
        f" revision is in raw/_revisions), run `healthlake materialize --from {at.dt}`."
    )
