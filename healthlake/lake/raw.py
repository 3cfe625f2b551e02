"""Drops in raw: landing them, listing them. A drop is immutable; nothing here changes or removes a landed
file, unless a correction (revisions.py) has kept it."""

from __future__ import annotations

import datetime
import filecmp
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from healthlake.contracts.model import DT
from healthlake.days import iso_day
from healthlake.errors import DropRefused, UsageError
from healthlake.lake.landing import holds, place
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import LakePath, folders, is_hidden, make_folder, walk
from healthlake.lake.s3 import S3Path, is_key
from healthlake.split import SourceFile, file_id_of

_UPLOADS = 8
"""Files that are sent to S3 at once: a drop may be thousands of small ones."""


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
    days = []
    for folder in folders(raw):
        prefix, _, text = folder.name.partition("=")
        if prefix != DT:
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
    return [
        SourceFile(each.relative, each.size, opener(each.path))
        for each in walk(layout.drop(day))
        if not is_hidden(each.relative)
    ]


def drop_file(path: Path, folder: Path) -> SourceFile:
    """The file at `path` below `folder`, for the splitter."""
    return SourceFile(_relative(path, folder), path.stat().st_size, opener(path))


def landed_file(layout: LakeLayout, day: datetime.date, path: str) -> SourceFile:
    """The file of a day's drop whose path in it is known; `OSError` where it isn't there any more."""
    landed = layout.drop(day) / path
    size = landed.size() if isinstance(landed, S3Path) else landed.stat().st_size
    return SourceFile(path, size, opener(landed))


def opener(path: LakePath) -> Callable[[], BinaryIO]:
    """What gives the bytes of a file of a drop."""
    return path.open if isinstance(path, S3Path) else lambda: path.open("rb")


def land(
    layout: LakeLayout,
    sources: Sequence[Path],
    day: datetime.date,
    progress: Callable[[int, int], None] = lambda files, size: None,
    replacing: Collection[LakePath] = (),
    kms_key: str | None = None,
) -> Landing:
    """Copies files, or the files in folders, to the drop of `day`; `progress` gets files and bytes as they
    are done.

    Equal content under a landed name is a no-op. Other content under a landed name that isn't in `replacing`
    refuses the whole call before anything is copied (`DropRefused`). A copy becomes visible under its name
    only when it is complete.
    """
    plan = list(_plan(sources, layout.drop(day)))
    for source, landed in plan:
        if landed not in replacing and _differs(source, landed):
            raise _refused(source, sources, day)

    def put(source: Path, landed: LakePath) -> int | None:
        try:
            done = _put(source, landed, landed in replacing, kms_key, lambda size: progress(0, size))
        except FileExistsError:
            raise _refused(source, sources, day) from None
        progress(1, source.stat().st_size if done is None else 0)
        return done

    with ThreadPoolExecutor(_UPLOADS if layout.is_remote else 1) as pool:
        copied = (
            [size for size in pool.map(put, *zip(*plan, strict=True)) if size is not None] if plan else []
        )
    make_folder(layout.drop(day))
    hidden = sum(_hidden(source) for source in sources if source.is_dir())
    return Landing(len(copied), sum(copied), len(plan) - len(copied), hidden)


def _put(
    source: Path, landed: LakePath, replace: bool, kms_key: str | None, progress: Callable[[int], None]
) -> int | None:
    """Bytes that were copied; None where the content was there. `FileExistsError` where another machine
    landed other content under the name meanwhile."""
    if landed.exists() and not replace:
        return None
    try:
        return place(source, landed, replace=replace, kms_key=kms_key, progress=progress)
    except FileExistsError:
        if _differs(source, landed):
            raise
        return None


def _refused(source: Path, sources: Sequence[Path], day: datetime.date) -> DropRefused:
    return DropRefused(
        f"landing {_typed(source, sources)} for {DT}={day}: a file of that name with other content is"
        " there already, and drops are immutable. Land it under another name or for another day, or"
        " correct the drop with --replace."
    )


def changed_files(layout: LakeLayout, sources: Sequence[Path], day: datetime.date) -> dict[LakePath, Path]:
    """The files of the day's drop that have other content than `sources` have under their name, with the
    source of that."""
    return {landed: source for source, landed in _plan(sources, layout.drop(day)) if _differs(source, landed)}


def _differs(source: Path, landed: LakePath) -> bool:
    return landed.exists() and not holds(landed, source)


def measure(sources: Sequence[Path]) -> tuple[int, int]:
    """Number and total bytes of the files that `land` would look at."""
    sizes = [source.stat().st_size for source, _ in _plan(sources, Path())]
    return len(sizes), sum(sizes)


def _plan(sources: Sequence[Path], target: LakePath) -> Iterator[tuple[Path, LakePath]]:
    """Pairs of source and destination; `DropRefused` where two sources would get one name."""
    taken: dict[str, Path] = {}
    for source in sources:
        _require_source(source, target)
        base = source if source.is_dir() else source.parent
        for path in _walk(source) if source.is_dir() else [source]:
            name = _relative(path, base)
            if (other := taken.get(name)) and not filecmp.cmp(other, path, shallow=False):
                raise DropRefused(
                    f"landing {_typed(path, sources)}: {_typed(other, sources)} has the same name and other"
                    " content. Land them apart."
                )
            taken[name] = path
            if isinstance(target, S3Path) and not is_key(name):
                raise UsageError(
                    f"landing {_typed(path, sources)}: its name is no UTF-8 text, or too long for S3. Rename"
                    " it, then land it."
                )
    for name, path in taken.items():
        yield path, target / name


def _require_source(source: Path, target: LakePath) -> None:
    if not source.exists():
        raise UsageError(f"landing {source}: there is no such file or folder.")
    if not source.is_dir() and not source.is_file():
        raise UsageError(f"landing {source}: expected a regular file or a folder.")
    if isinstance(target, Path) and target.is_relative_to(source.absolute()):
        raise UsageError(f"landing {source}: the lake lies in it. Name the folder of the export.")
    if source.is_file() and source.name.startswith("."):
        raise UsageError(f"landing {source}: hidden files are no part of a drop. Rename it, then land it.")


def _walk(folder: Path) -> Iterator[Path]:
    """Files below `folder` in the order of their paths; hidden files and folders are no part of a drop."""
    for each in walk(folder):
        if isinstance(each.path, Path) and not is_hidden(each.relative):
            yield each.path


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _typed(path: Path, sources: Sequence[Path]) -> str:
    """A file as the user typed it; of one in a folder only the folder and its file_id: its own name may be a
    patient's."""
    if path in sources:
        return str(path)
    folder = next(source for source in sources if path.is_relative_to(source))
    return f"the file in {folder} with file_id {file_id_of(drop_file(path, folder))}"


def _hidden(folder: Path) -> int:
    return sum(is_hidden(each.relative) for each in walk(folder))
