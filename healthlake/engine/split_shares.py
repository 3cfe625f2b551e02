"""Splits a drop in several processes: this one and workers, each with a share of the files. Splitting is
Python, and one process uses one core.

What a file becomes depends on no other file but for the manifests of exports, which are read before, and for
repeats of its content; where two shares turn out to hold the same content, the day is split again in one.

A worker is this module run by the same Python. It reads its job from stdin and writes a line of JSON for each
step of progress and one for its end; messages hold no value of a record and no path.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import IO, Any

import msgspec

from healthlake.contracts.registry import BRONZE_TYPES
from healthlake.engine.bronze_files import Share, staged, write_share
from healthlake.engine.protocol import Progress, Staged
from healthlake.errors import EngineError, HealthlakeError
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import lake_path
from healthlake.lake.raw import landed_file
from healthlake.split import SourceFile, SplitProgress, Terms, drop_terms, split_day

WORTH_A_PROCESS = 24_000_000
"""Bytes of uncompressed JSON that a further process should have to do: it starts in 0.2 s and splits 70 MB a
second."""

_GZIP_RATIO = 10
"""Synthea's Bundles pack 12 to 20 times; a guess that only shares out work."""


def split_drop(
    layout: LakeLayout, day: datetime.date, files: Sequence[SourceFile], processes: int, progress: Progress
) -> Mapping[str, Staged]:
    """Splits `files` in at most `processes` processes; on an error nothing is left behind."""
    shares, terms = _share_out(files, processes), drop_terms(files, day)
    if len(shares) == 1:
        return staged(layout, day, [_split(layout, day, files, terms, progress)])
    tally = _Tally(progress, len(shares))
    workers: list[_Worker] = []
    own = Share(str(uuid.uuid4()))
    try:
        for number, portion in enumerate(shares[1:], 1):
            workers.append(_Worker(tally.of(number)))
            workers[-1].begin(layout, day, portion, terms)
        done = [_split(layout, day, shares[0], terms, tally.of(0), own.name)]
        done += [worker.result() for worker in workers]
    except BaseException:
        for worker in workers:
            worker.stop(layout, day)
        own.remove(layout, day)
        raise
    contents = [file_id for share in done for file_id in share.file_ids]
    if len(set(contents)) < len(contents):
        for share in done:
            share.remove(layout, day)
        return staged(layout, day, [_split(layout, day, files, terms, progress)])
    return staged(layout, day, done)


def _split(
    layout: LakeLayout,
    day: datetime.date,
    files: Sequence[SourceFile],
    terms: Mapping[str, Terms],
    progress: Progress,
    name: str | None = None,
) -> Share:
    def report(done: SplitProgress) -> None:
        progress(done.bytes, done.entries)

    batches = split_day(files, day, BRONZE_TYPES, progress=report, terms=terms)
    return write_share(layout, day, batches, name)


def _share_out(files: Sequence[SourceFile], processes: int) -> list[list[SourceFile]]:
    """Files in shares of about equal size: the largest first, each to the share that has least."""
    sizes = {
        file.path: file.size_bytes * (_GZIP_RATIO if file.path.lower().endswith(".gz") else 1)
        for file in files
    }
    number = max(1, min(processes, len(files), sum(sizes.values()) // WORTH_A_PROCESS))
    shares: list[list[SourceFile]] = [[] for _ in range(number)]
    loads = [0] * number
    for file in sorted(files, key=lambda each: (-sizes[each.path], each.path)):
        least = loads.index(min(loads))
        shares[least].append(file)
        loads[least] += sizes[file.path]
    return shares


class _Tally:
    """Adds up what the processes report."""

    def __init__(self, progress: Progress, processes: int) -> None:
        self._progress = progress
        self._done = [(0, 0)] * processes
        self._lock = threading.Lock()

    def of(self, process: int) -> Progress:
        def report(size: int, entries: int) -> None:
            with self._lock:
                self._done[process] = (size, entries)
                self._progress(sum(each[0] for each in self._done), sum(each[1] for each in self._done))

        return report


class _Worker:
    """A process for a share of the files; it waits for `begin`."""

    def __init__(self, progress: Progress) -> None:
        self._name = str(uuid.uuid4())
        self._progress = progress
        self._last: dict[str, Any] = {}
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def begin(
        self,
        layout: LakeLayout,
        day: datetime.date,
        files: Sequence[SourceFile],
        terms: Mapping[str, Terms],
    ) -> None:
        """Tells it what to split."""
        job = {"root": str(layout.root), "day": day.isoformat(), "name": self._name}
        own = {path: terms[path] for path in (file.column_path for file in files) if path in terms}
        assert self._process.stdin is not None  # noqa: S101 - PIPE was asked for
        with self._process.stdin as pipe:
            paths = [file.path for file in files]
            json.dump({**job, "paths": paths, "terms": msgspec.to_builtins(own)}, pipe)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - PIPE was asked for
        with self._process.stdout as pipe:
            for line in pipe:
                self._last = json.loads(line)
                if "bytes" in self._last:
                    self._progress(self._last["bytes"], self._last["entries"])

    def result(self) -> Share:
        """What it wrote; its own error is raised here."""
        code = self._process.wait()
        self._reader.join()
        if "error" in self._last:
            raise EngineError(self._last["error"])
        if code or "rows" not in self._last:
            raise EngineError(
                f"splitting a share of the drop: its process ended with {code}. Run the day again."
            )
        return Share(self._name, self._last["rows"], self._last["file_ids"])

    def stop(self, layout: LakeLayout, day: datetime.date) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        Share(self._name).remove(layout, day)


def _work(source: IO[str], sink: IO[str]) -> None:
    """A worker's whole life."""

    def write(message: dict[str, Any]) -> None:
        sink.write(json.dumps(message) + "\n")
        sink.flush()

    job = json.load(source)
    layout, day = LakeLayout(lake_path(job["root"])), datetime.date.fromisoformat(job["day"])
    terms = msgspec.convert(job["terms"], dict[str, Terms])

    def report(size: int, entries: int) -> None:
        write({"bytes": size, "entries": entries})

    try:
        files = [landed_file(layout, day, path) for path in job["paths"]]
        share = _split(layout, day, files, terms, report, job["name"])
    except BrokenPipeError:
        raise
    except HealthlakeError as error:
        write({"error": str(error)})
        return
    except Exception as error:
        # Its message may quote a value, so only its class is told, here as in any engine.
        write(
            {
                "error": (
                    f"splitting a share of the drop of {day} failed ({type(error).__name__}). Run the day"
                    " again."
                )
            }
        )
        return
    write({"rows": share.rows, "file_ids": share.file_ids})


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        _work(sys.stdin, sys.stdout)
