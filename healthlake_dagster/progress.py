"""Progress of a run on stderr: a bar while a drop is split, a line for each step and what it says."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.events import EngineEventData
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from healthlake.report import Listener
from healthlake_dagster.terminal import stderr


class RunProgress:
    """Draws a run as it goes."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar: TaskID | None = None
        self._splitting: tuple[datetime.date, int, int] | None = None

    def listener(self, context: object = None) -> Listener:
        """A listener of a job; the resource that the command puts in the place of the run's log."""
        return Listener(say=self._say, split=self.split)

    def split(self, day: datetime.date, done: int, total: int, entries: int) -> None:
        """Moves the day's bar. A day is known to be done when something else begins."""
        if self._splitting is None or self._splitting[0] != day:
            self._end_split()
            self._bar = self._progress.add_task(f"splitting {day}", total=total, entries=0, size="")
        self._splitting = (day, total, entries)
        if self._bar is not None:
            size = f"{done / 1e6:,.1f} of {total / 1e6:,.1f} MB"
            self._progress.update(self._bar, completed=done, entries=entries, size=size)

    def event(self, event: dg.DagsterEvent) -> None:
        """Tells what step begins, and which failed."""
        if event.event_type == dg.DagsterEventType.STEP_START:
            self._line(f"{event.step_key}", "bold")
        elif pool := _blocked_by(event):
            self._line(f"{event.step_key}\n  waiting: another run writes its tables (pool {pool})")
        elif event.event_type in (dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE):
            self._end_split()
            if event.is_step_failure:
                self._line(f"{event.step_key} failed", "red")

    def _say(self, line: str) -> None:
        self._end_split()
        self._line(f"  {line}")

    def _end_split(self) -> None:
        if self._splitting is None or self._bar is None:
            return
        day, total, entries = self._splitting
        self._progress.remove_task(self._bar)
        self._line(f"  {day}: {total / 1e6:,.1f} MB split, {entries:,} entries")
        self._splitting = self._bar = None

    def _line(self, line: str, style: str = "") -> None:
        self._progress.console.print(Text(line, style=style), soft_wrap=True)


def _blocked_by(event: dg.DagsterEvent) -> str | None:
    """The pool that has no room for the event's step."""
    if event.event_type != dg.DagsterEventType.ENGINE_EVENT:
        return None
    data = event.event_specific_data
    pool = data.metadata.get("pool") if isinstance(data, EngineEventData) else None
    return str(pool.value) if pool else None


@contextmanager
def run_progress() -> Iterator[RunProgress]:
    """Progress of one run; the bars go when it ends, and there are none where stderr is no terminal."""
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[size]}, {task.fields[entries]:,} entries"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        yield RunProgress(progress)
