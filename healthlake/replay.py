"""A day's bronze of which only some files are split again: the rows of the others are taken as they are.

It is for a replay after a fix, when the drop is what it was. Refuses to trust a file that isn't as bronze
knows it (new, of another size, corrected): that one is split too. The rows are those of a whole split.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.contracts.model import Contract
from healthlake.contracts.registry import BRONZE_TABLES
from healthlake.engine.protocol import Engine, Progress, Staged
from healthlake.lake.layout import LakeLayout
from healthlake.lake.revisions import revised_files
from healthlake.split import SourceFile

_MANIFEST = "manifest"
"""Kind of a file that says on what terms other files of the drop are split: such a day is split whole."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is split `again`, and the contents (`file_id`) whose rows stay."""

    again: list[SourceFile]
    kept: frozenset[str]


def choose(
    engine: Engine,
    layout: LakeLayout,
    day: datetime.date,
    files: Sequence[SourceFile],
    only: Collection[str],
) -> Choice:
    """The files with a content in `only`, and those that relation `known_file` doesn't know as they are.

    Paths with one content stay together: its rows are counted at one of them.
    """
    rows = engine.rows("SELECT path, file_id, size_bytes, kind FROM known_file")
    if any(kind == _MANIFEST for *_, kind in rows):
        return Choice(list(files), frozenset())
    known = {path: (file_id, size) for path, file_id, size, _ in rows}
    sizes = {file.column_path: file.size_bytes for file in files}
    corrected = revised_files(layout, day)
    concerned = {
        file_id
        for path, (file_id, size) in known.items()
        if file_id in only or sizes.get(path) != size or (path, file_id) in corrected
    }
    stay = {path: file_id for path, (file_id, _) in known.items() if file_id not in concerned}
    again = [file for file in files if file.column_path not in stay]
    return Choice(again, frozenset(stay.values()))


def split_again(
    engine: Engine,
    day: datetime.date,
    files: Sequence[SourceFile],
    choice: Choice,
    progress: Progress,
) -> Mapping[str, Staged]:
    """As `Engine.split` of `files`, but opens those of `choice.again` alone.

    Where one of them turns out to have a content that another file has too, or to be a manifest, all are
    split: what it means for the others isn't known to them.
    """
    part = engine.split(day, choice.again, progress)
    try:
        found = engine.rows(f"SELECT file_id, kind FROM {part[BRONZE_FILE.name].relation}")
        if not any(file_id in choice.kept or kind == _MANIFEST for file_id, kind in found):
            return _with_rows_that_stay(engine, day, part, choice.kept)
    finally:
        engine.discard(part.values())
    return engine.split(day, files, progress)


def _with_rows_that_stay(
    engine: Engine, day: datetime.date, part: Mapping[str, Staged], kept: Collection[str]
) -> Mapping[str, Staged]:
    whole: dict[str, Staged] = {}
    try:
        for table in BRONZE_TABLES:
            engine.read(table, [day], "rows_before")
            engine.doing(f"writing {table.name} for {day}")
            whole[table.name] = engine.stage(table, day, _both(table, part[table.name].relation, kept))
    except BaseException:
        engine.discard(whole.values())
        raise
    return whole


def _both(table: Contract, again: str, kept: Collection[str]) -> str:
    columns = ", ".join(table.column_names)
    listed = ", ".join(f"'{file_id}'" for file_id in sorted(kept)) or "NULL"
    return (
        f"SELECT {columns} FROM rows_before WHERE file_id IN ({listed})"
        f" UNION ALL SELECT {columns} FROM {again}"
    )
