"""Corrected drops: files of a drop that get other content, or leave it. What lay there before is kept as a
revision, and `revision.json` lists it.

These are the only ways to change a landed drop. Nothing here changes a table: materialize the day again.
"""

from __future__ import annotations

import datetime
import enum
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from healthlake.contracts.model import DT
from healthlake.days import iso_day
from healthlake.errors import UsageError
from healthlake.lake.layout import LakeLayout
from healthlake.lake.raw import Landing, changed_files, drop_file, drop_files, land
from healthlake.split import file_id_of

LISTING = "revision.json"
_FILES = "files"


class Correction(enum.StrEnum):
    """What a correction did with the files that its revision keeps."""

    REPLACE = "replace"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class RevisedFile:
    """A file that a correction took: its path (as `bronze_file` has it), its file_id, and that of what took
    its place; None where nothing did."""

    path: str = field(repr=False)
    file_id: str
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """Files that lay in a drop until a correction; `folder` has them under their paths."""

    day: datetime.date
    number: int
    correction: Correction
    files: tuple[RevisedFile, ...]
    folder: Path


def replace(
    layout: LakeLayout,
    sources: Sequence[Path],
    day: datetime.date,
    progress: Callable[[int, int], None] = lambda files, size: None,
) -> tuple[Landing, Revision | None]:
    """Lands files, or the files in folders, as `land` does, where other content under a landed name takes its
    place. The revision has what was replaced; None where nothing was."""
    changed = changed_files(layout, sources, day)
    revision = _keep(layout, day, Correction.REPLACE, changed) if changed else None
    return land(layout, sources, day, progress, replacing=changed), revision


def withdraw(layout: LakeLayout, names: Sequence[str], day: datetime.date) -> Revision:
    """Takes files out of a drop. `names` are paths in it, of files or of folders; none takes out all.

    `UsageError` where a name isn't there; then nothing is taken out.
    """
    drop = layout.drop(day)
    landed = [drop / file.path for file in drop_files(layout, day)]
    gone: list[Path] = []
    for name in names:
        found = [path for path in landed if path.relative_to(drop).is_relative_to(Path(name))]
        if not found:
            raise UsageError(
                f"withdrawing {name} from {DT}={day}: the drop has no such file or folder. Nothing was"
                f" withdrawn. See what it has: ls {drop}"
            )
        gone += found
    gone = gone if names else landed
    if not gone:
        raise UsageError(f"withdrawing the drop of {day}: it has no files.")
    revision = _keep(layout, day, Correction.WITHDRAW, dict.fromkeys(gone))
    for path in gone:
        path.unlink()
    return revision


def revisions(layout: LakeLayout, day: datetime.date | None = None) -> Iterator[Revision]:
    """The revisions of a day, or of all, in the order of day and number."""
    folders = [layout.revisions(day)] if day else sorted(layout.revisions().glob(f"{DT}=*"))
    for folder in folders:
        of_day = iso_day(folder.name.removeprefix(f"{DT}="))
        listings = sorted(folder.glob(f"[0-9]*/{LISTING}"), key=lambda path: int(path.parent.name))
        for listing in listings:
            told = json.loads(listing.read_text("utf-8"))
            if of_day is not None:
                files = tuple(RevisedFile(**each) for each in told["files"])
                number = int(listing.parent.name)
                correction = Correction(told["correction"])
                yield Revision(of_day, number, correction, files, listing.parent / _FILES)


def latest_number(layout: LakeLayout, day: datetime.date) -> int:
    """The number of the day's latest correction; 0 where there was none."""
    return max((revision.number for revision in revisions(layout, day)), default=0)


def revised_files(layout: LakeLayout, day: datetime.date, settled: int = 0) -> set[tuple[str, str]]:
    """Pairs of path and file_id that corrections after number `settled` took from the drop: that they are
    gone is as it should be.

    What the latest correction of a path put there is not among them, also where it had lain there before.
    """
    since = [revision for revision in revisions(layout, day) if revision.number > settled]
    taken = [file for revision in since for file in revision.files]
    now = {file.path: file.replaced_by for file in taken}
    return {(file.path, file.file_id) for file in taken if now[file.path] != file.file_id}


def _keep(
    layout: LakeLayout, day: datetime.date, correction: Correction, paths: Mapping[Path, Path | None]
) -> Revision:
    """Copies files of the drop (with what is to take their place) into a revision, which is there whole or
    not at all. A run that is killed after it leaves the drop as it was: the correction is then made again,
    with a further revision."""
    drop = layout.drop(day)
    number = latest_number(layout, day) + 1
    folder = layout.revisions(day) / str(number)
    part = folder.with_name(f".{number}.part")
    shutil.rmtree(part, ignore_errors=True)
    files = []
    for path, successor in paths.items():
        kept = part / _FILES / path.relative_to(drop)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
        file = drop_file(path, drop)
        now = file_id_of(drop_file(successor, successor.parent)) if successor else None
        files.append(RevisedFile(file.column_path, file_id_of(file), now))
    made_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    told = {"correction": correction, "made_at": made_at, "files": [asdict(file) for file in files]}
    with (part / LISTING).open("x", encoding="utf-8") as listing:
        json.dump(told, listing, indent=1)
        listing.flush()
        os.fsync(listing.fileno())
    part.rename(folder)
    return Revision(day, number, correction, tuple(files), folder / _FILES)
