"""Scratch folders for what an engine spills. They may hold patients' values, so they go at the end, and those
that a killed process left go at the next start. Each engine at work on a lake has one, so they also tell
since when the lake is being read.
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK = ".lock"


@contextlib.contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A new folder below `root`, removed at the end; folders of processes that are gone are removed first.

    A folder lives as long as the lock beside it: the operating system frees a killed process's lock.
    """
    root.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(root)
    folder = root / uuid.uuid4().hex
    with FileLock(folder.with_suffix(_LOCK)):
        folder.mkdir()
        try:
            yield folder
        finally:
            # A task of Spark may still write here when its driver is interrupted.
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(_LOCK).unlink(missing_ok=True)


def _remove_abandoned(root: Path) -> None:
    for folder in root.iterdir():
        if not folder.is_dir():
            continue
        lock = FileLock(folder.with_suffix(_LOCK))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(_LOCK).unlink(missing_ok=True)
        finally:
            lock.release()


def oldest_start(root: Path) -> datetime.datetime | None:
    """When the first of the engines that are at work started; None where none is."""
    starts = []
    for file in root.glob(f"*{_LOCK}") if root.is_dir() else ():
        lock = FileLock(file)
        try:
            # A folder without is one that is being made: its lock is taken first.
            started = file.stat().st_mtime
            lock.acquire(blocking=False)
        except Timeout:
            starts.append(started)
        except FileNotFoundError:
            continue
        else:
            lock.release()
    return datetime.datetime.fromtimestamp(min(starts), datetime.UTC) if starts else None
