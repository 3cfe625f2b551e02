"""`healthlake check`: the asset checks on what is published; what a user's CI calls.

It is a run of the checks alone, so the UI shows their answers and the run. (`report_runless_asset_event`
would be simpler, but Dagster 1.13.27 stores such an answer once a check and day: a second one breaks a unique
index.)
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence

import dagster as dg

from healthlake.checks.catalogue import catalogue
from healthlake.contracts.silver import SILVER_RECONCILIATION
from healthlake.errors import UsageError
from healthlake_dagster.commands.materialize import DONE, FAILED, RunSummary, tell_failed
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.runs import lake_instance, new_run_id, run_events
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_table, stderr, stdout


def check_days(settings: Settings, days: Sequence[datetime.date]) -> int:
    """Runs all checks, prints them, gives the exit code."""
    require_materialized(settings, days)
    summary = run_checks(settings, days)
    print_checks(summary.checks)
    tell_failed(summary, stdout)
    failed = [check for check in summary.checks if not check.passed]
    errors = [check for check in failed if check.severity is dg.AssetCheckSeverity.ERROR]
    stdout.print(
        f"{len(summary.checks)} checks: {len(summary.checks) - len(failed)} passed,"
        f" {len(failed) - len(errors)} warned, {len(errors)} failed"
    )
    for fault in summary.faults:
        stderr.print(f"healthlake: {fault}", markup=False)
    return FAILED if errors or not summary.succeeded else DONE


def require_materialized(settings: Settings, days: Sequence[datetime.date]) -> None:
    """`UsageError` where one of `days` was never materialized: it would pass for want of rows."""
    version = LakeResource(settings).catalog().version(SILVER_RECONCILIATION)
    materialized = {file.day for file in version.files} if version else set()
    if missing := [day for day in days if day not in materialized]:
        raise UsageError(
            f"checking {missing[0]}: {len(missing)} of the {len(days)} days were never materialized. Run "
            f"`healthlake materialize --from {days[0]} --to {days[-1]}` first."
        )


def run_checks(settings: Settings, days: Sequence[datetime.date]) -> RunSummary:
    """One run of every check for `days`."""
    definitions = build_definitions(settings)
    keys = [dg.AssetCheckKey(dg.AssetKey(c.table), c.name) for checks in catalogue().values() for c in checks]
    run_id = new_run_id()
    waiting = (
        stderr.status(f"checking {days[0]} to {days[-1]}") if stderr.is_terminal else contextlib.nullcontext()
    )
    with waiting, lake_instance(LakeResource(settings).layout.dagster_home) as instance:
        for _ in run_events(definitions, instance, (), days, keys, run_id):
            pass
        return RunSummary.of(instance, run_id)


def print_checks(checks: Sequence[dg.AssetCheckEvaluation]) -> None:
    """One row a check and day, in the order of the catalogue."""
    order = {table: index for index, table in enumerate(catalogue())}
    found = [
        (
            check.asset_key.to_user_string(),
            check.check_name,
            check.partition,
            _status(check),
            check.metadata["applicable"].value,
            check.metadata["violated"].value,
        )
        for check in checks
    ]
    rows = sorted(found, key=lambda row: (order[row[0]], row[1], row[2]))
    print_table("Checks", ("table", "check", "day", "status", "applicable", "violated"), rows, numbers=(4, 5))


def _status(check: dg.AssetCheckEvaluation) -> str:
    if check.passed:
        return "pass"
    return "FAIL" if check.severity is dg.AssetCheckSeverity.ERROR else "WARN"
