"""Makes the Dagster instance of a lake, once.

Dagster creates and migrates its SQLite files when they are first opened. Two commands that do so at once, or
one that is killed on the way, leave files that no later command can open (seen with 1.13.27: CommandError,
for ever). So the files are made aside, under a lock, and moved into place when they are whole.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import dagster as dg
from filelock import FileLock

_CONFIG = """\
# The instance of this lake: one run at a time, and one writer at a time of what has a pool.
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
  pools:
    default_limit: 1
    granularity: op
"""

_ASIDE = ".dagster-new-"


def make_instance(home: Path) -> None:
    """Makes `home` a whole instance where it isn't one yet; a dagster.yaml that is there is kept."""
    if _is_made(home):
        return
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "new.lock"):
        if _is_made(home):
            return
        for abandoned in home.glob(f"{_ASIDE}*"):
            shutil.rmtree(abandoned)
        config = home / "dagster.yaml"
        if not config.exists():
            config.write_text(_CONFIG, "utf-8")
        aside = home / f"{_ASIDE}{uuid.uuid4().hex}"
        aside.mkdir()
        shutil.copy(config, aside)
        with dg.DagsterInstance.from_config(str(aside)) as instance:
            # Each makes its files when it is first asked for.
            _ = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
        # `history` is what _is_made looks for, so it comes last.
        for part in sorted(aside.iterdir(), key=lambda path: path.name == "history"):
            if not (home / part.name).exists():
                part.rename(home / part.name)
        shutil.rmtree(aside)


def _is_made(home: Path) -> bool:
    return (home / "history").is_dir()
