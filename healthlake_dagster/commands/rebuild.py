"""`healthlake rebuild`: all tables again, from raw."""

from __future__ import annotations

from healthlake.lake.layout import LakeLayout
from healthlake.lake.rebuild import clear_tables
from healthlake_dagster.commands.materialize import materialize_days
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import stderr, stdout


def rebuild_lake(settings: Settings) -> int:
    """Removes the tables and materializes every day from the first landed one to the last; gives the exit
    code."""
    days = clear_tables(
        LakeLayout(settings.lake), settings.database, lambda line: stderr.print(line, markup=False)
    )
    stdout.print(f"removed the tables; making them again from raw: {days[0]} to {days[-1]}")
    return materialize_days(settings, days, "*")
