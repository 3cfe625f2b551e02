"""Reports what a job did to Dagster: each table's rows and check results for each day, from inside the step.

Every table is reported before the step fails once, so that the good ones show green. Counts, column names and
positions only: nothing here sees a value of a record.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from healthlake.checks.catalogue import catalogue
from healthlake.checks.model import CheckResult, Status, Terms
from healthlake.checks.policy import Policy
from healthlake.errors import HealthlakeError, UsageError
from healthlake.quality import listing_sql, reason
from healthlake.report import JobReport, TableDay
from healthlake_dagster.faults import withheld
from healthlake_dagster.listening import Step
from healthlake_dagster.partitions import days_of
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.storage import held_open


@contextmanager
def step_faults() -> Iterator[None]:
    """An exception of a job becomes the step's failure, cut from what raised it: Dagster keeps the message
    and every chained one in its event log. Our own messages hold no values; of others only class and place
    are told.
    """
    try:
        yield
    except HealthlakeError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    except Exception as error:
        raise dg.Failure(withheld(error), allow_retries=False) from None


def report_job(
    context: dg.AssetExecutionContext, report: JobReport, policy: Policy
) -> Iterator[dg.MaterializeResult[Any]]:
    """Yields a result for each selected table without a fault, logs events for all others, then raises
    `dg.Failure` where there were faults."""
    with held_open(context.instance, context.run.run_id):
        yield from _report_tables(context, report, policy)
    if report.faults:
        raise failure(report)


def _report_tables(
    context: dg.AssetExecutionContext, report: JobReport, policy: Policy
) -> Iterator[dg.MaterializeResult[Any]]:
    selected = {key.to_user_string() for key in context.selected_asset_keys}
    tables = list(dict.fromkeys(table_day.table for table_day in report.tables))
    faulty = list(dict.fromkeys(fault.table for fault in report.faults))
    for table in dict.fromkeys([*tables, *faulty]):
        rows = [table_day for table_day in report.tables if table_day.table == table]
        if table in selected and table not in faulty:
            for table_day in rows:
                context.add_asset_metadata(
                    _facts(table_day), asset_key=table, partition_key=table_day.day.isoformat()
                )
            yield dg.MaterializeResult(asset_key=table, metadata={"dagster/row_count": rows[-1].total_rows})
        else:
            bad = report.faulty_days([table])
            for table_day in rows:
                if table_day.day not in bad:
                    context.log_event(_materialization(table_day))
        log_checks(context, table, answers(report, table), policy)


def log_report(context: dg.OpExecutionContext, report: JobReport, policy: Policy) -> None:
    """Logs what was done to tables that the step has no outputs for."""
    with held_open(context.instance, context.run.run_id):
        for table in dict.fromkeys(each.table for each in report.tables):
            for table_day in report.tables:
                if table_day.table == table:
                    context.log_event(_materialization(table_day))
            log_checks(context, table, answers(report, table), policy)


def answers(report: JobReport, table: str) -> list[CheckResult]:
    """The last answer of every declared check of a table for each day of the run: one that was not asked, as
    its table could not be published, is an error and not an earlier day's pass."""
    found = {(r.day, r.check.id): r for r in report.checks if r.check.table == table}
    faulty = report.faulty_days([table])
    days = sorted({each.day for each in report.tables if each.table == table} | faulty)
    for day in days:
        what = "its table" if day in faulty else "another table that it reads"
        why = f"{what} could not be published, as the run's failure says"
        for check in catalogue()[table]:
            found.setdefault((day, check.id), CheckResult(check, day, 0, 0, why))
    return list(found.values())


def failure(report: JobReport) -> dg.Failure:
    """The step's one failure: every fault once, in order."""
    messages = list(dict.fromkeys(str(fault.error) for fault in report.faults))
    days = sorted({fault.day.isoformat() for fault in report.faults})
    tables = sorted({fault.table for fault in report.faults})
    return dg.Failure(
        "\n".join(messages),
        metadata={"days": ", ".join(days), "tables": ", ".join(tables)},
        allow_retries=False,
    )


def answered_checks_alone(context: dg.AssetExecutionContext, query: QueryResource) -> bool:
    """Whether the step was asked for checks and no table, as by "Execute" on a check in the UI or `healthlake
    check`: they are answered for what is published, and nothing is computed or written."""
    if context.selected_asset_keys:
        return False
    selected = {(key.asset_key.to_user_string(), key.name) for key in context.selected_asset_check_keys}
    tables = sorted({table for table, _ in selected})
    with step_faults():
        results = query.check(context, tables, days_to_check(context, tables))
    with held_open(context.instance, context.run.run_id):
        for table in dict.fromkeys(result.check.table for result in results):
            asked = [r for r in results if r.check.table == table and (table, r.check.name) in selected]
            log_checks(context, table, asked, query.policy)
    return True


def days_to_check(context: dg.AssetExecutionContext, tables: Sequence[str]) -> list[datetime.date]:
    """The days of the run; where it names none, as "Execute all" in the UI, the last materialized one."""
    if context.has_partition_key or context.has_partition_key_range:
        return days_of(context.partition_keys)
    materialized = [
        day for table in tables for day in context.instance.get_materialized_partitions(dg.AssetKey(table))
    ]
    if not materialized:
        raise UsageError(
            f"checking {', '.join(tables)}: no day was ever materialized. Run `healthlake materialize --from"
            " DAY` first."
        )
    return days_of([max(materialized)])


def log_checks(context: Step, table: str, results: Sequence[CheckResult], policy: Policy) -> None:
    """One evaluation a check and day, pointed at the day's materialization: without it the UI shows no
    status."""
    targets: dict[str, AssetCheckEvaluationTargetMaterializationData | None] = {}
    for result in results:
        day = result.day.isoformat()
        if day not in targets:
            targets[day] = materialization_of(context.instance, table, day)
        # An op's context takes evaluations, though its annotation doesn't say so (Dagster 1.13.27).
        event: Any = evaluation(result, targets[day], policy)
        context.log_event(event)


def evaluation(
    result: CheckResult, target: AssetCheckEvaluationTargetMaterializationData | None, policy: Policy
) -> dg.AssetCheckEvaluation:
    """Dagster's form of a check result. It knows no more than passed and failed: what is not applicable
    passes and says so, an error fails."""
    check, terms = result.check, policy.terms(result.check)
    status = result.status(terms)
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(check.table),
        check_name=check.name,
        passed=status in (Status.PASS, Status.NOT_APPLICABLE),
        severity=dg.AssetCheckSeverity.WARN if status is Status.WARN else dg.AssetCheckSeverity.ERROR,
        description=f"{_verdict(result, status)}: {check.description}",
        metadata=_evidence(result, status, terms),
        blocking=check.structural or terms.is_blocking,
        partition=result.day.isoformat(),
        target_materialization_data=target,
    )


def _evidence(result: CheckResult, status: Status, terms: Terms) -> dict[str, Any]:
    """Counts, terms and where to look on: nothing of a record."""
    found: dict[str, Any] = {
        "status": status.value,
        "applicable": result.applicable,
        "violated": result.violated,
        "rule": result.check.id,
        "warns_above_percent": "never" if terms.warn is None else terms.warn,
        "fails_above_percent": "never" if terms.fail is None else terms.fail,
    }
    if terms.note:
        found["changed_terms"] = terms.note
    if result.error:
        found["error"] = result.error
    if result.violated and (listing := listing_sql(result.check, result.day)):
        found["failing_rows"] = listing
    return found


def _verdict(result: CheckResult, status: Status) -> str:
    if status is Status.ERROR:
        return f"could not be evaluated: {result.error}"
    if status is Status.NOT_APPLICABLE:
        return f"not applicable, {reason(result, status)}"
    if not result.violated:
        return f"holds for all {result.applicable:,}"
    within = ", within bounds" if status is Status.PASS else ""
    return f"violated by {result.violated:,} of {result.applicable:,}{within}"


def materialization_of(
    instance: dg.DagsterInstance, table: str, day: str
) -> AssetCheckEvaluationTargetMaterializationData | None:
    """The latest materialization of a table's day; None where there is none."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey(table), asset_partitions=[day]), limit=1
    ).records
    if not records:
        return None
    record = records[0]
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
    )


def _facts(table_day: TableDay) -> dict[str, Any]:
    return {
        "dagster/partition_row_count": table_day.rows,
        "changed": table_day.changed,
    }


def _materialization(table_day: TableDay) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key=table_day.table,
        partition=table_day.day.isoformat(),
        metadata={**_facts(table_day), "dagster/row_count": table_day.total_rows},
    )
