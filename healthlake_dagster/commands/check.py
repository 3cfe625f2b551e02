"""`healthlake check`: the asset checks on what is published; what a user's CI calls."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from healthlake.checks.catalogue import FILES_LANDED, RAW_ASSET, catalogue
from healthlake.checks.model import CheckResult, Severity
from healthlake.contracts.registry import TABLES
from healthlake.contracts.silver import SILVER_RECONCILIATION
from healthlake.errors import UsageError
from healthlake.lake.raw import drop_files
from healthlake_dagster.reporting import evaluation, materialization_of
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.runs import lake_instance
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_table, stdout

DONE, FAILED = 0, 1


def check_days(settings: Settings, days: Sequence[datetime.date]) -> int:
    """Runs all checks, prints them, keeps them in the Dagster instance, gives the exit code."""
    results = run_days_checks(settings, days)
    print_checks(results)
    failed = [result for result in results if result.is_error]
    warned = [result for result in results if not result.passed and not result.is_error]
    for result in [*warned, *failed]:
        check = result.check
        line = f"{_status(result)} {check.table} {check.name} {result.day}: {check.description}"
        stdout.print(line, markup=False)
    stdout.print(
        f"{len(results)} checks: {len(results) - len(failed) - len(warned)} passed, {len(warned)} warned, "
        f"{len(failed)} failed"
    )
    return FAILED if failed else DONE


def run_days_checks(settings: Settings, days: Sequence[datetime.date]) -> list[CheckResult]:
    """The results of all checks for `days`; `UsageError` where a day was never materialized."""
    lake = LakeResource(settings)
    version = lake.catalog().version(SILVER_RECONCILIATION)
    materialized = {file.day for file in version.files} if version else set()
    if missing := [day for day in days if day not in materialized]:
        raise UsageError(
            f"checking {missing[0]}: {len(missing)} of the {len(days)} days were never materialized. Run "
            f"`healthlake materialize --from {days[0]} --to {days[-1]}` first."
        )
    results = [CheckResult(FILES_LANDED, day, 1, 0 if drop_files(lake.layout, day) else 1) for day in days]
    results += QueryResource(lake).check(list(TABLES), days)
    with lake_instance(lake.layout.dagster_home) as instance:
        for result in results:
            target = materialization_of(instance, result.check.table, result.day.isoformat())
            if target:
                instance.report_runless_asset_event(evaluation(result, target))
    return results


def print_checks(results: Sequence[CheckResult]) -> None:
    """One row a check and day, in the order of the catalogue."""
    order = {table: index for index, table in enumerate([RAW_ASSET, *catalogue()])}
    rows = [
        (r.check.table, r.check.name, r.day.isoformat(), _status(r), r.applicable, r.violated)
        for r in sorted(results, key=lambda r: (order[r.check.table], r.check.name, r.day))
    ]
    print_table("Checks", ("table", "check", "day", "status", "applicable", "violated"), rows, numbers=(4, 5))


def _status(result: CheckResult) -> str:
    if result.passed:
        return "pass"
    return "FAIL" if result.check.severity is Severity.ERROR else "WARN"
