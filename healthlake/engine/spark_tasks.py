"""Runs our own Python in Spark's tasks: one item a task, small facts back.

An error of a task is a fact too: an exception that left it would come back with a traceback that may quote
values, after Spark had tried it several times over.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pyarrow as pa

from healthlake.engine.protocol import Progress
from healthlake.errors import HealthlakeError
from healthlake.lake.layout import LakeLayout
from healthlake.lake.scratch import scratch_folder
from healthlake.split import FileNotReadable, SplitFailed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Item = TypeVar("Item")
Found = TypeVar("Found")

FACTS = "facts STRING"
"""The schema of what tasks give back: JSON."""

_SECONDS_BETWEEN_NOTES = 0.5

_ERRORS = {error.__name__: error for error in (FileNotReadable, SplitFailed)}


def facts(found: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
    """What a task gives back."""
    return pa.RecordBatch.from_pydict({"facts": [json.dumps(each) for each in found]})


class TaskProgress:
    """How far a task is, noted in a file now and then; in none where there is no folder for notes."""

    def __init__(self, notes: str | None) -> None:
        self._path = Path(notes) / uuid.uuid4().hex if notes else None
        self._bytes = self._entries = 0
        self._next = 0.0

    def add(self, size: int, entries: int) -> None:
        """Bytes and entries of a piece that is done."""
        self._bytes += size
        self._entries += entries
        self.within(0, 0)

    def within(self, size: int, entries: int) -> None:
        """Bytes and entries that are done of the piece in hand."""
        now = time.monotonic()
        if self._path is None or now < self._next:
            return
        self._next = now + _SECONDS_BETWEEN_NOTES
        part = self._path.with_suffix(".part")
        # The folder goes when the driver is interrupted; a note is not worth an error.
        with contextlib.suppress(OSError):
            part.write_text(f"{self._bytes + size} {self._entries + entries}", "ascii")
            part.rename(self._path)


@contextlib.contextmanager
def watching(layout: LakeLayout, progress: Progress) -> Iterator[str]:
    """A folder for the notes of tasks, whose sum `progress` hears while they run."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_SECONDS_BETWEEN_NOTES):
            _tell(folder, progress)

    watcher = threading.Thread(target=watch, daemon=True)
    with scratch_folder(layout.scratch) as folder:
        watcher.start()
        try:
            yield str(folder)
        finally:
            ended.set()
            watcher.join()


def _tell(folder: Path, progress: Progress) -> None:
    notes = [note.read_text("ascii").split() for note in folder.iterdir() if not note.suffix]
    if notes:
        progress(sum(int(size) for size, _ in notes), sum(int(entries) for _, entries in notes))


def run_tasks(
    session: SparkSession,
    items: Sequence[Item],
    task: Callable[[Item, TaskProgress], Found],
    kind: type[Found],
    notes: str,
) -> list[Found]:
    """Runs `task` on each of `items` in a task of its own; what came back. Raises the first error of those
    that failed when all have ended."""
    if not items:
        return []

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield facts([_outcome(task, items[number], notes)])

    frame = session.range(0, len(items), 1, len(items)).mapInArrow(work, FACTS)
    found: list[Found] = []
    errors: list[HealthlakeError] = []
    for row in frame.collect():
        outcome = json.loads(row.facts)
        if "error" in outcome:
            errors.append(_ERRORS[outcome["error"]](outcome["message"]))
        else:
            found.append(msgspec.convert(outcome["found"], kind))
    if errors:
        raise errors[0]
    return found


def _outcome(task: Callable[[Any, TaskProgress], Any], item: Any, notes: str) -> dict[str, Any]:
    try:
        return {"found": msgspec.to_builtins(task(item, TaskProgress(notes)))}
    except (FileNotReadable, SplitFailed) as error:
        return {"error": type(error).__name__, "message": str(error)}
    except Exception as error:
        message = f"a task of Spark failed ({type(error).__name__}). This is a bug of the splitter."
        return {"error": SplitFailed.__name__, "message": message}
