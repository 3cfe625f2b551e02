"""`dagster dev`, webserver, daemon and code server as a user starts them, with one thing changed: the
daemon's clock.

A tick of the backfill daemon is a constant of 30 s and the queue is looked at every 5 s; a backfill takes
three ticks. The daemon process gets both set to one second before it starts. Nothing else of Dagster is
replaced.

Run as a script it becomes the `dagster` command: `python dev_server.py dev -p 3000`.
"""

from __future__ import annotations

import sys
from typing import Any

from dagster._cli import dev, main

_DAEMON = """\
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator
from dagster._daemon import controller
from dagster._daemon.cli import main

controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 1
QueuedRunCoordinator.dequeue_interval_seconds = 1
main()
"""

_open_subprocess = dev.open_ipc_subprocess


def _open_with_fast_clock(parts: list[str], **options: Any) -> Any:
    if parts[1:3] == ["-m", "dagster._daemon"]:
        parts = [parts[0], "-c", _DAEMON, *parts[3:]]
    return _open_subprocess(parts, **options)


if __name__ == "__main__":
    dev.open_ipc_subprocess = _open_with_fast_clock
    sys.argv[0] = "dagster"
    main()
