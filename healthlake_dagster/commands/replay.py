"""`healthlake quarantine replay`: after a fix, the files that have rows in quarantine are read again, and
silver of their days is made from that.

It is a Dagster run as any other (one for each unbroken range of days), so that audits, locks, reports and the
UI are the same. It runs on DuckDB whatever the engine of the settings: see docs/decisions/0008.
"""

from __future__ import annotations

from collections.abc import Sequence

from healthlake.contracts.model import Layer
from healthlake.quarantine import Quarantined, Wanted, quarantined, replayed
from healthlake.words import plural
from healthlake_dagster.commands.materialize import DONE, FAILED, run_days, tell_failed
from healthlake_dagster.commands.quarantine import require_bronze, require_reason
from healthlake_dagster.days import stretches
from healthlake_dagster.resources.etl import DuckDBJobs
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_table, stderr, stdout

_SELECTION = f"group:{Layer.BRONZE} or group:{Layer.SILVER}"


def replay_quarantine(settings: Settings, wanted: Wanted) -> int:
    """Runs, says for each day how many rows left quarantine, gives the exit code."""
    require_reason(wanted.reason)
    lake = LakeResource(settings)
    require_bronze(lake)
    before = _all(lake)
    asked = [row for row in before if row in wanted]
    if not asked:
        stdout.print("Nothing to replay: nothing of that is in quarantine.")
        return DONE
    succeeded = True
    for days in stretches(sorted({row.dt for row in asked})):
        only = {row.file_id for row in asked if row.dt in days}
        stderr.print(f"replaying {days[0]} to {days[-1]}: {plural(len(only), 'file')}")
        summary = run_days(settings, days, _SELECTION, {"etl": DuckDBJobs(lake, only)})
        succeeded &= summary.succeeded
        tell_failed(summary)
        for fault in summary.faults:
            stderr.print(f"healthlake: {fault}", markup=False)
    _tell(wanted, before, _all(lake))
    return DONE if succeeded else FAILED


def _all(lake: LakeResource) -> list[Quarantined]:
    with QueryResource(lake).embedded() as engine:
        return quarantined(engine)


def _tell(wanted: Wanted, before: Sequence[Quarantined], after: Sequence[Quarantined]) -> None:
    days = replayed(wanted, before, after)
    rows = [(day.dt, day.left, day.stay, day.new) for day in days]
    print_table("Rows in quarantine", ("dt", "left", "stay", "new"), rows, numbers=(1, 2, 3))
    if changed := [day.dt for day in days if day.left or day.new]:
        stdout.print(f"Gold from {changed[0]} on was computed before this: healthlake materialize --stale")
