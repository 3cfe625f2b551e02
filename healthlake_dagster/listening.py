"""Progress of a job as lines in the run's log, at most one every few seconds while a drop is split."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable

import dagster as dg

from healthlake.report import Listener

Step = dg.OpExecutionContext | dg.AssetExecutionContext

ListenerFactory = Callable[[Step], Listener]
"""A resource: the listener for a step. The command replaces it by one that draws on the terminal."""

_SECONDS_BETWEEN_LINES = 5.0


def log_listener(context: Step) -> Listener:
    """A listener that writes to the run's log."""
    last = 0.0

    def split(day: datetime.date, done: int, total: int, entries: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES or done >= total:
            last = now
            context.log.info(f"{day}: {done / 1e6:,.1f} of {total / 1e6:,.1f} MB split, {entries:,} entries")

    return Listener(say=context.log.info, split=split)
