"""`healthlake rebuild`: all tables again, from raw."""

from __future__ import annotations

from healthlake.lake.raw import landed_days
from healthlake.lake.rebuild import clear_tables
from healthlake_dagster.commands.materialize import materialize_days
from healthlake_dagster.days import require_partition
from healthlake_dagster.resources.etl import etl_resource
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import stderr, stdout


def rebuild_lake(settings: Settings) -> int:
    """Removes the tables and materializes every day from the first landed one to the last; gives the exit
    code. Nothing is removed where what makes the tables is not there."""
    lake = LakeResource(settings)
    etl_resource(settings, lake).require()
    QueryResource(lake).require()
    for day in landed_days(lake.layout):
        require_partition(settings, day, "rebuilding from the landed days")
    days = clear_tables(lake.layout, settings.database, lambda line: stderr.print(line, markup=False))
    stdout.print(f"removed the tables; making them again from raw: {days[0]} to {days[-1]}")
    code = materialize_days(settings, days, "*")
    if code:
        stderr.print(
            "healthlake: the lake is not whole. Mend what is said above, then run `healthlake materialize"
            f" --from {days[0]} --to {days[-1]}`.",
            markup=False,
        )
    return code
