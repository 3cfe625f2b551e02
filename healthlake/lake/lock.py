"""One writer a table: a lock in the lake, held over read, compute and commit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from filelock import FileLock, Timeout

from healthlake.errors import WriterBusy
from healthlake.lake.layout import LakeLayout

WAIT_SECONDS = 3600.0


@contextlib.contextmanager
def writing(
    layout: LakeLayout,
    tables: Iterable[str],
    notify: Callable[[str], None],
    wait_seconds: float = WAIT_SECONDS,
) -> Iterator[None]:
    """Holds the locks of `tables`, taken in the order of their names so that two writers can't wait for each
    other.

    Says through `notify` which table it waits for; `WriterBusy` after `wait_seconds`.
    """
    layout.locks.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        for table in sorted(set(tables)):
            lock = FileLock(layout.locks / f"{table}.lock")
            try:
                lock.acquire(blocking=False)
            except Timeout:
                notify(f"waiting: another run is writing {table}")
                _wait(lock, table, wait_seconds)
            held.callback(lock.release)
        yield


def _wait(lock: FileLock, table: str, wait_seconds: float) -> None:
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise WriterBusy(
            f"writing {table}: another run has held its lock for {wait_seconds:.0f} s. See which run is "
            "active in the "
            "Dagster UI; when there is none, run the command again."
        ) from None
