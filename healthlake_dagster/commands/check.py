"""`healthlake check`: the asset checks on what is published; what a user's CI calls.

It is a run of the checks alone, so the UI shows their answers and the run. (`report_runless_asset_event`
would be simpler, but Dagster 1.13.27 stores such an answer once a check and day: a second one breaks a unique
index.)
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import Status
from healthlake.contracts.silver import SILVER_RECONCILIATION
from healthlake.errors import UsageError
from healthlake_dagster.commands.check_reports import (
    Answer,
    answers_of,
    count,
    write_junit,
    write_markdown,
)
from healthlake_dagster.commands.materialize import DONE, FAILED, RunSummary, tell_failed
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.runs import lake_instance, new_run_id, run_events
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_table, stderr, stdout

_SHOWN = {Status.WARN: "WARN", Status.FAIL: "FAIL", Status.ERROR: "ERROR", Status.NOT_APPLICABLE: "n/a"}


def check_days(
    settings: Settings, days: Sequence[datetime.date], junit: Path | None = None, markdown: Path | None = None
) -> int:
    """Runs all checks, prints them and writes the files that are asked for, gives the exit code."""
    require_materialized(settings, days)
    summary = run_checks(settings, days)
    answers = answers_of(summary.checks)
    print_answers(answers)
    tell_failed(summary, stdout)
    stdout.print(count(answers))
    if junit:
        write_junit(junit, answers)
    if markdown:
        write_markdown(markdown, answers, f"healthlake check, {days[0]} to {days[-1]}")
    for fault in summary.faults:
        stderr.print(f"healthlake: {fault}", markup=False)
    failed = any(answer.status in (Status.FAIL, Status.ERROR) for answer in answers)
    return FAILED if failed or not summary.succeeded else DONE


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


def print_answers(answers: Sequence[Answer]) -> None:
    """One row a check and day."""
    rows = [
        (a.table, a.check, a.day, _SHOWN.get(a.status, a.status.value), a.applicable, a.violated)
        for a in answers
    ]
    print_table("Checks", ("table", "check", "day", "status", "applicable", "violated"), rows, numbers=(4, 5))
