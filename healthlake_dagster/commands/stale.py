"""`healthlake materialize --stale`: what late and corrected drops made stale, and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from healthlake_dagster.commands.materialize import DONE, FAILED, materialize_days
from healthlake_dagster.days import newest, require_partition, stretches
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import stdout

_BEFORE_GOLD = "not group:gold"


def materialize_stale(settings: Settings) -> int:
    """A run for each stretch of days whose drops changed, then one for the gold days that are stale; gives
    the exit code."""
    query = QueryResource(LakeResource(settings))
    unsplit = query.changed_days()
    for day in unsplit:
        require_partition(settings, day, "looking at the landed days")
    for days in stretches(unsplit):
        _tell("changed drops", days)
        if materialize_days(settings, days, _BEFORE_GOLD) != DONE:
            return FAILED
    stale, left = newest(query.stale_days(), settings.stale_days)
    if not stale and not unsplit:
        stdout.print("nothing is stale")
    if not stale:
        return DONE
    for day in stale:
        require_partition(settings, day, "looking at the days of gold")
    _tell("stale gold", stale)
    code = materialize_days(settings, stale, "group:gold")
    if left:
        stdout.print(
            f"{len(left)} older gold days are stale too ({left[0]} to {left[-1]}): run the command again, or"
            " raise HEALTHLAKE_STALE_DAYS"
        )
    return code


def _tell(what: str, days: Sequence[datetime.date]) -> None:
    stdout.print(f"{what}: {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else ""))
