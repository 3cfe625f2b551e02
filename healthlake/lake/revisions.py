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
from pathlib import Path, PurePosixPath

from healthlake.contracts.model import DT
from healthlake.days import iso_day
from healthlake.errors import UsageError
from healthlake.lake.landing import copy
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import LakePath, folders, make_folder
from healthlake.lake.raw import Landing, changed_files, drop_file, drop_files, land, landed_file
from healthlake.lake.s3 import S3Path
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
    folder: LakePath


def replace(
    layout: LakeLayout,
    sources: Sequence[Path],
    day: datetime.date,
    progress: Callable[[int, int], None] = lambda files, size: None,
    kms_key: str | None = None,
) -> tuple[Landing, Revision | None]:
    """Lands files, or the files in folders, as `land` does, where other content under a landed name takes its
    place. The revision has what was replaced; None where nothing was."""
    changed = changed_files(layout, sources, day)
    drop = layout.drop(day)
    successors = {path_below(landed, drop): source for landed, source in changed.items()}
    revision = _keep(layout, day, Correction.REPLACE, successors) if changed else None
    return land(layout, sources, day, progress, replacing=changed, kms_key=kms_key), revision


def withdraw(layout: LakeLayout, names: Sequence[str], day: datetime.date) -> Revision:
    """Takes files out of a drop. `names` are paths in it, of files or of folders; none takes out all.

    `UsageError` where a name isn't there; then nothing is taken out.
    """
    landed = [file.path for file in drop_files(layout, day)]
    gone: list[str] = []
    for name in names:
        found = [path for path in landed if PurePosixPath(path).is_relative_to(name)]
        if not found:
            raise UsageError(
                f"withdrawing {name} from {DT}={day}: the drop has no such file or folder. Nothing was"
                f" withdrawn. See what it has: {'aws s3 ls' if layout.is_remote else 'ls'}"
                f" {layout.drop(day)}/"
            )
        gone += found
    gone = gone if names else landed
    if not gone:
        raise UsageError(f"withdrawing the drop of {day}: it has no files.")
    revision = _keep(layout, day, Correction.WITHDRAW, dict.fromkeys(gone))
    for path in gone:
        (layout.drop(day) / path).unlink()
    # On S3 a day whose last file went would no longer be one that landed.
    make_folder(layout.drop(day))
    return revision


def revisions(layout: LakeLayout, day: datetime.date | None = None) -> Iterator[Revision]:
    """The revisions of a day, or of all, in the order of day and number."""
    for of_day in [layout.revisions(day)] if day else folders(layout.revisions()):
        found = iso_day(of_day.name.removeprefix(f"{DT}="))
        numbered = [each for each in folders(of_day) if each.name.isdecimal()]
        for folder in sorted(numbered, key=lambda each: int(each.name)):
            listing = folder / LISTING
            if found is None or not listing.exists():
                continue
            told = json.loads(listing.read_bytes())
            files = tuple(RevisedFile(**each) for each in told["files"])
            correction = Correction(told["correction"])
            yield Revision(found, int(folder.name), correction, files, folder / _FILES)


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
    layout: LakeLayout, day: datetime.date, correction: Correction, successors: Mapping[str, Path | None]
) -> Revision:
    """Copies files of the drop (with what is to take their place) into a revision, which is there whole or
    not at all: its listing comes last. A run that is killed after it leaves the drop as it was: the
    correction is then made again, with a further revision."""
    number, folder = _claimed(layout, day)
    part = folder.parent / f".{number}.part" if isinstance(folder, Path) else folder
    if isinstance(part, Path):
        shutil.rmtree(part, ignore_errors=True)
    files = []
    for path, successor in successors.items():
        copy(layout.drop(day) / path, part / _FILES / path)
        file = landed_file(layout, day, path)
        now = file_id_of(drop_file(successor, successor.parent)) if successor else None
        files.append(RevisedFile(file.column_path, file_id_of(file), now))
    made_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    told = {"correction": correction, "made_at": made_at, "files": [asdict(file) for file in files]}
    first = layout.drop(day) / next(iter(successors))
    head = first.head() if isinstance(first, S3Path) else None
    key = head.kms_key if head else None
    _write(part / LISTING, json.dumps(told, indent=1).encode(), key)
    if isinstance(part, Path) and isinstance(folder, Path):
        part.rename(folder)
    return Revision(day, number, correction, tuple(files), folder / _FILES)


def _claimed(layout: LakeLayout, day: datetime.date) -> tuple[int, LakePath]:
    """A number that no other revision of the day has, and its folder. On S3 it is taken by an object, which
    one of two machines makes; the lock of a lake in a folder is held by who corrects."""
    taken = [int(each.name) for each in folders(layout.revisions(day)) if each.name.isdecimal()]
    number = max(taken, default=0) + 1
    while True:
        folder = layout.revisions(day) / str(number)
        claim = folder / "claim"
        if not isinstance(claim, S3Path) or claim.claim():
            return number, folder
        number += 1


def _write(path: LakePath, content: bytes, kms_key: str | None) -> None:
    if isinstance(path, S3Path):
        path.write_bytes(content, "application/json", kms_key)
        return
    with path.open("xb") as listing:
        listing.write(content)
        listing.flush()
        os.fsync(listing.fileno())


def path_below(path: LakePath, folder: LakePath) -> str:
    """The part of a path below `folder`, with `/`."""
    return str(path)[len(str(folder)) + 1 :]
