"""The daily schedule: every night it materializes yesterday's partition of everything, in one run."""

import datetime

import dagster as dg
from dagster._utils.schedules import is_valid_cron_string

from healthlake.errors import UsageError
from healthlake_dagster.partitions import daily_partitions
from healthlake_dagster.settings import Settings

JOB = "daily_lake"
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
