"""The daily schedule asks for yesterday, never for today's open partition, and runs only in production by
itself."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.errors import UsageError
from healthlake_dagster.automation import JOB, SCHEDULE
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.runs import lake_instance
from healthlake_dagster.settings import Settings
from tests.dagster.conftest import ALL_ASSETS
from tests.dagster.drops import whole_encounter, whole_patient
from tests.dagster.live import dagster_dev
from tests.world import World


def definitions(**variables: str) -> dg.Definitions:
    return build_definitions(Settings.load({"HEALTHLAKE_LAKE": "/nowhere", **variables}))


def tick(at: datetime.datetime, **variables: str) -> Any:
    """What a tick of the schedule at that time gives."""
    made = definitions(**variables)
    repository = made.get_repository_def()
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=repository
        )
        return repository.get_schedule_def(SCHEDULE).evaluate_tick(context)


@pytest.mark.parametrize(
    ("deployment", "status"),
    [
        ("dev", dg.DefaultScheduleStatus.STOPPED),
        ("production", dg.DefaultScheduleStatus.RUNNING),
    ],
)
def test_it_is_stopped_unless_the_deployment_is_production(
    deployment: str, status: dg.DefaultScheduleStatus
) -> None:
    schedule = definitions(HEALTHLAKE_DEPLOYMENT=deployment).get_repository_def().get_schedule_def(SCHEDULE)
    assert schedule.default_status is status


def test_it_is_stopped_where_nothing_is_said() -> None:
    schedule = definitions().get_repository_def().get_schedule_def(SCHEDULE)
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime.datetime(2026, 1, 15, 3, tzinfo=datetime.UTC), "2026-01-14"),
        (datetime.datetime(2026, 3, 1, 3, tzinfo=datetime.UTC), "2026-02-28"),
        # 23:30 on the 14th in New York is the 15th in UTC.
        (
            datetime.datetime(2026, 1, 14, 23, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))),
            "2026-01-14",
        ),
    ],
)
def test_it_asks_for_the_day_before_in_utc(at: datetime.datetime, day: str) -> None:
    (request,) = tick(at).run_requests
    assert (request.partition_key, request.run_key) == (day, day)
    assert request.tags["dagster/partition"] == day


def test_it_skips_with_the_settings_name_where_yesterday_is_before_the_start_date() -> None:
    result = tick(datetime.datetime(2026, 1, 15, 3, tzinfo=datetime.UTC), HEALTHLAKE_START_DATE="2026-01-15")
    assert not result.run_requests
    assert "2026-01-14" in result.skip_message
    assert "HEALTHLAKE_START_DATE" in result.skip_message


def test_its_job_takes_every_asset_through_all_layers() -> None:
    job = definitions().resolve_job_def(JOB)
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == set(ALL_ASSETS)
    assert job.partitions_def is not None


def test_its_time_is_a_setting_in_utc() -> None:
    schedule = definitions(HEALTHLAKE_SCHEDULE="30 5 * * 1-5").get_repository_def().get_schedule_def(SCHEDULE)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 5 * * 1-5", "UTC")


def test_a_time_that_is_no_cron_line_is_refused_with_the_settings_name() -> None:
    with pytest.raises(UsageError, match="HEALTHLAKE_SCHEDULE is 'nightly'"):
        definitions(HEALTHLAKE_SCHEDULE="nightly")


def test_a_run_of_the_schedule_shows_yesterdays_rows_and_every_checks_status(tmp_path: Path) -> None:
    root, folder = tmp_path / "lake", tmp_path / "dev"
    folder.mkdir()
    yesterday = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)
    with World(root) as world:
        world.put_resources(yesterday, "a.ndjson", [whole_patient("p1"), whole_encounter("e1", "p1")])
    with lake_instance(root / ".dagster"):
        pass
    # Every minute: a tick is waited for, and the second asks for the same day and starts nothing.
    each_minute = {"HEALTHLAKE_SCHEDULE": "* * * * *", "HEALTHLAKE_DEPLOYMENT": "production"}
    with dagster_dev(root, folder, **each_minute) as live:
        assert live.run_end(live.first_run(seconds=120), seconds=120) == "SUCCESS"
        day = yesterday.isoformat()
        assert (live.rows("silver_dim_patient", day), live.rows("bronze_encounter", day)) == (1, 1)
        for table in ("silver_patient_history", "silver_encounter_history"):
            assert live.checks(table) == {check.name: {day: "SUCCEEDED"} for check in catalogue()[table]}
