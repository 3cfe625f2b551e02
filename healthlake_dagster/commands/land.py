"""`healthlake land`: files into the raw drop of a day, with progress; corrections of a drop, and the list of
them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn

from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.errors import UsageError
from healthlake.lake.layout import LakeLayout
from healthlake.lake.lock import writing
from healthlake.lake.raw import Landing, land, measure
from healthlake.lake.revisions import Correction, Revision, replace, revisions, withdraw
from healthlake.words import plural
from healthlake_dagster.days import require_partition
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_table, stderr, stdout

Copying = Callable[[Callable[[int, int], None]], Landing]


def land_drop(settings: Settings, paths: Sequence[Path], day: datetime.date) -> None:
    """Lands `paths` and says what came of it."""
    landing = land_paths(settings, paths, day)
    stdout.print(describe(settings, landing, day), markup=False)


def replace_drop(settings: Settings, paths: Sequence[Path], day: datetime.date) -> None:
    """Lands `paths` in place of what has their names in the drop of `day`, and says what came of it."""
    layout = LakeLayout(settings.lake)
    layout.require()

    def command(progress: Callable[[int, int], None]) -> Landing:
        landing, revision = replace(layout, paths, day, progress, kms_key=settings.kms_key or None)
        kept.append(revision)
        return landing

    kept: list[Revision | None] = []
    with writing(layout, [BRONZE_FILE.name], _say):
        landing = land_paths(settings, paths, day, command)
    stdout.print(describe(settings, landing, day), markup=False)
    _tell(kept[0], day)


def withdraw_drop(settings: Settings, names: Sequence[Path], day: datetime.date) -> None:
    """Takes files out of the drop of `day`, and says what came of it."""
    require_partition(settings, day, "reading --dt")
    layout = LakeLayout(settings.lake)
    layout.require()
    try:
        with writing(layout, [BRONZE_FILE.name], _say):
            _tell(withdraw(layout, [str(name) for name in names], day), day)
    except OSError as error:
        raise UsageError(
            f"withdrawing from dt={day}: {error.strerror or type(error).__name__}. Run the command again when"
            " that is mended."
        ) from None


def _tell(revision: Revision | None, day: datetime.date) -> None:
    if revision is None:
        stdout.print(f"nothing was replaced for {day}: no landed file has other content", markup=False)
        return
    done, files = _DID[revision.correction], len(revision.files)
    stdout.print(
        f"{done} {plural(files, 'file')} of {day}; what was there is kept in {revision.folder}. Run"
        " `healthlake materialize --stale` to make the tables follow.",
        markup=False,
    )


_DID = {Correction.REPLACE: "replaced", Correction.WITHDRAW: "withdrew"}


def list_revisions(settings: Settings, day: datetime.date | None) -> None:
    """One row a revision, without names of files: they may name patients."""
    layout = LakeLayout(settings.lake)
    layout.require()
    rows = [
        (each.day, each.number, each.correction, len(each.files), each.folder)
        for each in revisions(layout, day)
    ]
    print_table("Revisions", ("day", "number", "correction", "files", "kept in"), rows, numbers=(1, 3))


def land_paths(
    settings: Settings, paths: Sequence[Path], day: datetime.date, command: Copying | None = None
) -> Landing:
    """Copies the files of `paths` to the drop of `day` (or has `command` do it), drawing progress."""
    require_partition(settings, day, "reading --dt")
    kms_key = settings.kms_key or None
    copy = command or (
        lambda progress: land(LakeLayout(settings.lake), paths, day, progress, kms_key=kms_key)
    )
    columns = (
        TextColumn("landing {task.fields[files]:,} files"),
        BarColumn(),
        DownloadColumn(),
        TaskProgressColumn(),
    )
    try:
        files, size = measure(paths)
        with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
            task = progress.add_task("", total=size, files=files)
            return copy(lambda _, done: progress.advance(task, done))
    except OSError as error:
        typed = ", ".join(map(str, paths))
        raise UsageError(
            f"landing {typed} for dt={day}: {error.strerror or type(error).__name__}. What was copied stays;"
            " run the command again when that is mended."
        ) from None


def describe(settings: Settings, landing: Landing, day: datetime.date) -> str:
    """One line: what was copied, and what was there already."""
    drop = LakeLayout(settings.lake).drop(day)
    if not landing.files and landing.files_present:
        there = "1 file is" if landing.files_present == 1 else f"all {landing.files_present:,} files are"
        return f"nothing to land for {day}: {there} in {drop} already"
    hidden = f", left out {plural(landing.files_hidden, 'hidden one')}" if landing.files_hidden else ""
    present = f", {landing.files_present:,} there already" if landing.files_present else ""
    files = f"{plural(landing.files, 'file')} ({landing.bytes / 1e6:,.1f} MB)"
    return f"landed {files} for {day} in {drop}{present}{hidden}"


def _say(line: str) -> None:
    stderr.print(line, markup=False)
