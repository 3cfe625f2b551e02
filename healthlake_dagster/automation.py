"""The daily schedule, which every night materializes yesterday's partition of everything in one run; and the
job that computes stale gold again."""

import datetime

import dagster as dg
from dagster._utils.schedules import is_valid_cron_string

from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.silver import RESOURCE_TYPES
from healthlake.errors import UsageError
from healthlake.report import Listener
from healthlake_dagster.days import newest, stretches
from healthlake_dagster.listening import ListenerFactory
from healthlake_dagster.partitions import daily_partitions
from healthlake_dagster.quality_page import write_page
from healthlake_dagster.reporting import failure, log_report, step_faults
from healthlake_dagster.resources.etl import EtlResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings

JOB = "daily_lake"
STALE_JOB = "stale_gold"
SCHEDULE = "daily_lake_schedule"


def daily_job(settings: Settings) -> dg.ScheduleDefinition:
    """The schedule with its job. Running from the first deploy on in production, else stopped: switch it on
    in the UI."""
    partitions = daily_partitions(settings)
    if not is_valid_cron_string(settings.schedule_cron):
        raise UsageError(
            f"reading settings: HEALTHLAKE_SCHEDULE is {settings.schedule_cron!r}, expected a cron line such"
            " as 0 3 * * *."
        )
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="One day through all layers.",
    )

    @dg.schedule(
        name=SCHEDULE,
        job=job,
        cron_schedule=settings.schedule_cron,
        execution_timezone="UTC",
        default_status=(
            dg.DefaultScheduleStatus.RUNNING if settings.is_production else dg.DefaultScheduleStatus.STOPPED
        ),
        description=(
            "Materializes yesterday's partition. Names the day itself: with today's partition open, Dagster's"
            " own builder would ask for today."
        ),
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = context.scheduled_execution_time.astimezone(datetime.UTC)
        day = (now.date() - datetime.timedelta(days=1)).isoformat()
        if not partitions.has_partition_key(day):
            return dg.SkipReason(
                f"{day} is before the start date {settings.start_text} (HEALTHLAKE_START_DATE)"
            )
        return dg.RunRequest(run_key=day, partition_key=day)

    return schedule


def stale_gold_job(settings: Settings) -> dg.JobDefinition:
    """Splits and conforms the drops that changed since they were, then computes the gold days again whose
    inputs changed, the newest HEALTHLAKE_STALE_DAYS of them. It finds them itself, so it has no partition:
    start it by hand, or put a schedule on it."""

    @dg.op(name="recompute_stale_gold", description=stale_gold_job.__doc__)
    def recompute(
        context: dg.OpExecutionContext,
        etl: dg.ResourceParam[EtlResource],
        query: dg.ResourceParam[QueryResource],
        listen: dg.ResourceParam[ListenerFactory],
    ) -> None:
        listener = listen(context)
        _split_changed_drops(context, etl, query, listener)
        with step_faults():
            days, left = newest(query.stale_days(), settings.stale_days)
        context.log.info(f"{len(days)} days of gold are stale; {len(left)} older ones are left for later")
        faults = []
        for contract in GOLD_TABLES if days else ():
            with step_faults():
                report = query.materialize(context, contract, days, listener)
            log_report(context, report, query.policy)
            if report.faults:
                faults.append(failure(report))
        if days:
            with step_faults():
                context.log.info(f"wrote {write_page(settings, query).path}")
        if faults:
            raise faults[0]

    @dg.job(name=STALE_JOB, description=stale_gold_job.__doc__)
    def job() -> None:
        recompute()

    return job


def _split_changed_drops(
    context: dg.OpExecutionContext, etl: EtlResource, query: QueryResource, listener: Listener
) -> None:
    """Bronze and silver of each stretch of days whose drops changed since they were split."""
    with step_faults():
        unsplit = query.changed_days()
    context.log.info(f"the drops of {len(unsplit)} days changed since they were split")
    for stretch in stretches(unsplit):
        with step_faults():
            reports = [etl.raw_to_bronze(context, stretch, listener)]
            if not reports[0].faults:
                reports.append(etl.bronze_to_silver(context, stretch, RESOURCE_TYPES, listener))
        for report in reports:
            log_report(context, report, query.policy)
            if report.faults:
                raise failure(report)
