"""The job stale_gold computes again what a late drop made stale, and Dagster shows it by day."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.registry import TABLES
from healthlake_dagster.automation import STALE_JOB
from healthlake_dagster.commands.materialize import run_days
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.runs import lake_instance
from tests.dagster.conftest import dates, settings_of
from tests.world import World, day, patient

DAYS = ("2026-01-01", "2026-01-02")


def test_the_job_splits_late_files_computes_the_stale_days_and_reports_them_by_day(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    settings = settings_of(root)
    with World(root) as world:
        for number in (1, 2):
            world.put_resources(day(number), "a.ndjson", [patient(f"p{number}")])
        assert run_days(settings, dates(*DAYS)).succeeded
        world.put_resources(day(2), "late.ndjson", [patient("p3")])
    job = build_definitions(settings).get_job_def(STALE_JOB)
    with lake_instance(root / ".dagster") as instance:
        first = job.execute_in_process(instance=instance)
        made = first.filter_events(lambda event: event.is_step_materialization)
        told = {
            (event.asset_key.to_user_string(), event.partition)
            for event in made
            if event.asset_key is not None
        }
        assert told == {(table, DAYS[1]) for table in TABLES}
        checks = first.filter_events(
            lambda event: event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        )
        unchanged = [
            found.passed
            for event in checks
            if (found := event.asset_check_evaluation_data).check_name == "inputs_unchanged"
        ]
        assert unchanged == [True] * len(GOLD_TABLES)
        again = job.execute_in_process(instance=instance)
        assert not again.filter_events(lambda event: event.is_step_materialization)
