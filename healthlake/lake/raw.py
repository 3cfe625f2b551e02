"""Drops in raw: landing them, listing them. A drop is immutable; nothing here changes or removes a landed
file, unless a correction (revisions.py) has kept it."""

from __future__ import annotations

import datetime
import filecmp
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from healthlake.contracts.model import DT
from healthlake.days import iso_day
from healthlake.errors import DropRefused, UsageError
from healthlake.lake.layout import LakeLayout
from healthlake.split import SourceFile, file_id_of

_PART = ".part"
_BLOCK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Landing:
    """What `land` did: files and bytes that were copied, files that were there already with equal content,
    and hidden files in folders, which are no part of a drop and were left out."""

    files: int
    bytes: int
    files_present: int
    files_hidden: int = 0


def landed_days(layout: LakeLayout) -> list[datetime.date]:
    """The days that have a folder in raw, ascending. A folder whose name is no day is a `UsageError`."""
    raw = layout.raw()
    if not raw.is_dir():
        return []
    days = []
    for folder in raw.iterdir():
        prefix, _, text = folder.name.partition("=")
        if prefix != DT or not folder.is_dir():
            continue
        if (day := iso_day(text)) is None:
            raise UsageError(
                f"reading {raw}: folder {folder.name!r} is no day; expected {DT}=YYYY-MM-DD. Rename or "
                "remove it."
            )
        days.append(day)
    return sorted(days)


def drop_files(layout: LakeLayout, day: datetime.date) -> list[SourceFile]:
    """The files of a day's drop in the order of their paths, hidden ones and unfinished copies left out."""
    folder = layout.drop(day)
    if not folder.is_dir():
        return []
    return [drop_file(path, folder) for path in _walk(folder)]


def drop_file(path: Path, folder: Path) -> SourceFile:
    """The file of a drop at `path`, for the splitter."""
    return SourceFile(path.relative_to(folder).as_posix(), path.stat().st_size, lambda: path.open("rb"))


def land(
    layout: LakeLayout,
    sources: Sequence[Path],
    day: datetime.date,
    progress: Callable[[int, int], None] = lambda files, size: None,
    replacing: Collection[Path] = (),
) -> Landing:
    """Copies files, or the files in folders, to the drop of `day`; `progress` gets files and bytes as they
    are done.

    Equal content under a landed name is a no-op. Other content under a landed name that isn't in `replacing`
    refuses the whole call before anything is copied (`DropRefused`). A copy becomes visible under its name
    only when it is complete.
    """
    target = layout.drop(day)
    plan = list(_plan(sources, target))
    for source, destination in plan:
        if destination not in replacing and _differs(source, destination):
            raise DropRefused(
                f"landing {_typed(source, sources)} for {DT}={day}: a file of that name with other content is"
                " there already, and drops are immutable. Land it under another name or for another day, or"
                " correct the drop with --replace."
            )
    copied = size = present = 0
    for source, destination in plan:
        if destination.exists() and destination not in replacing:
            present += 1
        else:
            size += _copy(source, destination)
            copied += 1
        progress(1, source.stat().st_size)
    target.mkdir(parents=True, exist_ok=True)
    return Landing(copied, size, present, sum(_hidden(source) for source in sources if source.is_dir()))


def changed_files(layout: LakeLayout, sources: Sequence[Path], day: datetime.date) -> dict[Path, Path]:
    """The files of the day's drop that have other content than `sources` have under their name, with the
    source of that."""
    return {landed: source for source, landed in _plan(sources, layout.drop(day)) if _differs(source, landed)}


def _differs(source: Path, landed: Path) -> bool:
    return landed.exists() and not filecmp.cmp(source, landed, shallow=False)


def measure(sources: Sequence[Path]) -> tuple[int, int]:
    """Number and total bytes of the files that `land` would look at."""
    sizes = [source.stat().st_size for source, _ in _plan(sources, Path())]
    return len(sizes), sum(sizes)


def _plan(sources: Sequence[Path], target: Path) -> Iterator[tuple[Path, Path]]:
    """Pairs of source and destination; `DropRefused` where two sources would get one name."""
    taken: dict[Path, Path] = {}
    for source in sources:
        if not source.exists():
            raise UsageError(f"landing {source}: there is no such file or folder.")
        if not source.is_dir() and not source.is_file():
            raise UsageError(f"landing {source}: expected a regular file or a folder.")
        if target.is_relative_to(source.absolute()):
            raise UsageError(f"landing {source}: the lake lies in it. Name the folder of the export.")
        if source.is_file() and source.name.startswith("."):
            raise UsageError(
                f"landing {source}: hidden files are no part of a drop. Rename it, then land it."
            )
        base = source if source.is_dir() else source.parent
        for path in _walk(source) if source.is_dir() else [source]:
            destination = target / path.relative_to(base)
            if (other := taken.get(destination)) and not filecmp.cmp(other, path, shallow=False):
                raise DropRefused(
                    f"landing {_typed(path, sources)}: {_typed(other, sources)} has the same name and other"
                    " content. Land them apart."
                )
            taken[destination] = path
    for destination, path in taken.items():
        yield path, destination


def _walk(folder: Path) -> Iterator[Path]:
    """Files below `folder` in the order of their paths; hidden files and folders are no part of a drop."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _typed(path: Path, sources: Sequence[Path]) -> str:
    """A file as the user typed it; of one in a folder only the folder and its file_id: its own name may be a
    patient's."""
    if path in sources:
        return str(path)
    folder = next(source for source in sources if path.is_relative_to(source))
    return f"the file in {folder} with file_id {file_id_of(drop_file(path, folder))}"


def _hidden(folder: Path) -> int:
    found = sum(path.is_file() for path in folder.rglob("*"))
    return found - sum(1 for _ in _walk(folder))


def _copy(source: Path, destination: Path) -> int:
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(f".{destination.name}{_PART}")
    with source.open("rb") as reader, part.open("wb") as writer:
        shutil.copyfileobj(reader, writer, _BLOCK)
        writer.flush()
        os.fsync(writer.fileno())
    part.rename(destination)
    return source.stat().st_size
