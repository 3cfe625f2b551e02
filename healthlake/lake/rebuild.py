"""Takes all tables away from a lake, so that they can be made again from raw. Refuses to touch raw."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from pathlib import Path

from healthlake.contracts.model import Layer
from healthlake.contracts.registry import TABLES
from healthlake.days import days_between
from healthlake.errors import UsageError
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake.lake.lock import writing
from healthlake.lake.paths import LakePath, walk
from healthlake.lake.raw import landed_days


def clear_tables(layout: LakeLayout, database: str, say: Callable[[str], None]) -> list[datetime.date]:
    """Removes the catalog, then the folders of bronze, silver and gold; waits for writers. Gives the landed
    days, from the first to the last every day.

    `UsageError` where no day has landed: there is nothing that the tables could be made from; `LakeMoved`
    where the database is another lake's. Nothing was removed then. Killed in between, the lake has no tables;
    run it again.
    """
    layout.require()
    landed = landed_days(layout)
    if not landed:
        raise UsageError(
            f"rebuilding the lake {layout.root}: no day has landed in {layout.raw()}, so its tables could not"
            " be made again. Nothing was removed."
        )
    with writing(layout, list(TABLES), say):
        LakeCatalog(layout, database).clear()
        for layer in Layer:
            _remove(layout.root / layer.value)
    return days_between(landed[0], landed[-1])


def _remove(folder: LakePath) -> None:
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
        return
    for each in walk(folder):
        each.path.unlink()
