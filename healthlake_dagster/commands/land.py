"""`healthlake land`: files into the raw drop of a day, with progress."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn

from healthlake.errors import UsageError
from healthlake.lake.layout import LakeLayout
from healthlake.lake.raw import Landing, land, measure
from healthlake_dagster.days import require_partition
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import stderr, stdout


def land_drop(settings: Settings, paths: Sequence[Path], day: datetime.date) -> None:
    """Lands `paths` and says what came of it."""
    landing = land_paths(settings, paths, day)
    stdout.print(describe(settings, landing, day), markup=False)


def land_paths(settings: Settings, paths: Sequence[Path], day: datetime.date) -> Landing:
    """Copies the files of `paths` to the drop of `day`, drawing progress."""
    require_partition(settings, day, "--dt")
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
            return land(LakeLayout(settings.lake), paths, day, lambda _, done: progress.advance(task, done))
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
        return f"nothing to land for {day}: all {landing.files_present:,} files are in {drop} already"
    hidden = f", {landing.files_hidden:,} hidden ones were left out" if landing.files_hidden else ""
    present = f", {landing.files_present:,} were there already" if landing.files_present else ""
    return (
        f"landed {landing.files:,} files ({landing.bytes / 1e6:,.1f} MB) for {day} in {drop}{present}{hidden}"
    )
