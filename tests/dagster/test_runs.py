"""Runs made by the command and by the browser are the same runs: each side shows and repeats the other's."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock

from healthlake.checks.families import FILES_LANDED, RAW_ASSET
from healthlake.contracts.registry import TABLES
from healthlake_dagster.commands.check import check_days
from healthlake_dagster.commands.materialize import run_days
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.runs import LOCATION, lake_instance, run_events
from healthlake_dagster.storage import held_open
from tests.dagster.conftest import ALL_ASSETS, dates, settings_of
from tests.dagster.drops import DAYS
from tests.dagster.live import LiveDagster
from tests.world import World, encounter, patient
from tests.world import day as january

NEVER_LANDED = "2026-01-05"


def last_run(lake: Path) -> dg.DagsterRun:
    """The newest run in the lake's instance."""
    with lake_instance(lake / ".dagster") as instance:
        return instance.get_runs(limit=1)[0]


def last_materialized(live: LiveDagster, table: str) -> str:
    """The last day that the partitions bar shows green."""
    return max(day for day, status in live.partitions(table).items() if status == "MATERIALIZED")


def test_a_run_of_the_command_is_shown_in_the_browser_and_can_be_executed_again_there(
    live: LiveDagster, live_lake: Path, backfill: dict[str, Any]
) -> None:
    days = dates(*DAYS[1:])
    assert run_days(settings_of(live_lake), days, "key:raw_synthea_fhir or key:bronze_file").succeeded
    run_id = last_run(live_lake).run_id
    shown = live.run(run_id)
    assert shown["status"] == "SUCCESS"
    assert shown["repositoryOrigin"] == {
        "repositoryLocationName": LOCATION,
        "repositoryName": "__repository__",
    }
    again = live.re_execute(run_id)
    assert live.run_end(again) == "SUCCESS"
    tags = {tag["key"]: tag["value"] for tag in live.run(again)["tags"]}
    assert tags["dagster/asset_partition_range_start"] == DAYS[1]
    assert tags["dagster/asset_partition_range_end"] == DAYS[2]


def test_one_day_launched_in_the_browser_materializes_every_table_of_that_day_also_where_nothing_landed(
    live: LiveDagster, backfill: dict[str, Any]
) -> None:
    assert live.run_end(live.launch_day(NEVER_LANDED, ALL_ASSETS)) == "SUCCESS"
    assert {live.partitions(table).get(NEVER_LANDED) for table in ALL_ASSETS} == {"MATERIALIZED"}
    daily = [name for name in TABLES if name.startswith("bronze_") or name.endswith("_history")]
    assert {live.rows(table, NEVER_LANDED) for table in daily} == {0}
    warned = live.evaluation(RAW_ASSET, FILES_LANDED.name, NEVER_LANDED)
    assert (warned["status"], warned["evaluation"]["severity"]) == ("FAILED", "WARN")
    assert live.rows("gold_data_quality_dashboard", NEVER_LANDED) == live.rows(
        "gold_data_quality_dashboard", DAYS[-1]
    )


def test_checks_executed_in_the_browser_are_answered_for_the_last_materialized_day_and_write_nothing(
    live: LiveDagster, live_lake: Path, backfill: dict[str, Any]
) -> None:
    asked = [
        ("silver_dim_patient", "one_current_row"),
        ("bronze_file", "conservation"),
        (RAW_ASSET, "files_landed"),
    ]
    last = {table: last_materialized(live, table) for table, _ in asked}
    with World(live_lake) as world:
        before = world.snapshots()
    # "Execute all" on the checks page names no day.
    run_id = live.launch_day(None, [], asked)
    assert live.run_end(run_id) == "SUCCESS"
    for table, check in asked:
        assert live.evaluation(table, check, last[table])["runId"] == run_id
    assert (
        live.evaluation("silver_dim_patient", "grain_unique", last["silver_dim_patient"])["runId"] != run_id
    )
    with World(live_lake) as world:
        assert world.snapshots() == before


def test_the_commands_check_is_a_run_that_the_browser_shows_and_executes_again(
    live: LiveDagster, live_lake: Path, backfill: dict[str, Any]
) -> None:
    assert check_days(settings_of(live_lake), dates(DAYS[1])) == 0
    checked = last_run(live_lake).run_id
    answered = live.evaluation("gold_population_summary", "grain_unique", DAYS[1])
    assert (answered["runId"], answered["status"]) == (checked, "SUCCEEDED")
    again = live.re_execute(checked)
    assert live.run_end(again) == "SUCCESS"
    assert {"key": "dagster/partition", "value": DAYS[1]} in live.run(again)["tags"]
    assert live.evaluation("gold_population_summary", "grain_unique", DAYS[1])["runId"] == again


def test_a_subset_by_resource_type_writes_that_type_and_keeps_the_other_types_rows_in_the_shared_tables(
    lake: Path,
) -> None:
    with World(lake) as world:
        wrong = [patient("p2", gender=1), encounter("e1", "p1", status=5)]
        world.put_resources(january(1), "a.ndjson", [patient("p1"), *wrong])
        world.run(january(1))
        before, snapshots = world.tables("silver_"), world.snapshots()
        world.put_resources(january(1), "b.ndjson", [patient("p3"), patient("p4", gender=2)])
        assert not world.bronze(january(1)).faults
    summary = run_days(settings_of(lake), [january(1)], "key:silver_dim_patient")
    assert summary.succeeded
    shared = {"silver_quarantine", "silver_reconciliation"}
    written = {"silver_patient_history", "silver_dim_patient", *shared}
    assert set(summary.rows) == summary.changed == written
    with World(lake) as world:
        for table, rows in world.tables("silver_").items():
            if table not in written:
                assert (rows, world.snapshots()[table]) == (before[table], snapshots[table])
        for table in shared:
            kept = [row for row in world.rows(table) if "silver_patient_history" not in row]
            assert kept == [row for row in before[table] if "silver_patient_history" not in row] != []
        assert {row["patient_id"] for row in world.records("silver_dim_patient")} == {"p1", "p3"}
        assert len(world.rows("silver_quarantine")) == 3
    with lake_instance(lake / ".dagster") as instance:
        shown = {table: instance.get_materialized_partitions(dg.AssetKey(table)) for table in before}
    # Those that were written show it, although one was selected.
    assert {table for table, days in shown.items() if days == {"2026-01-01"}} == written


def test_a_run_whose_process_was_killed_is_ended_by_the_next_command(lake: Path) -> None:
    home = lake / ".dagster"
    settings = settings_of(lake)
    definitions = build_definitions(settings)
    keys = {dg.AssetKey(RAW_ASSET)}
    with lake_instance(home) as instance:
        events = run_events(definitions, instance, keys, [january(1)])
        while next(events).event_type != dg.DagsterEventType.STEP_START:
            pass
        run_id = instance.get_runs(limit=1)[0].run_id
        assert _status(instance, run_id) is dg.DagsterRunStatus.STARTED
        lock = next((home / "commands").glob("*.lock"))
        with lake_instance(home):
            assert _status(instance, run_id) is dg.DagsterRunStatus.STARTED, "its process lives: hands off"
        orphan = instance.create_run_for_job(
            job_def=definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection=keys)
        )
        instance.report_engine_event("started", orphan)
        with FileLock(lock.with_name(f"{orphan.run_id}.lock")):
            pass
        with lake_instance(home):
            assert _status(instance, orphan.run_id) is dg.DagsterRunStatus.FAILURE
        assert [event.event_type for event in events][-1] == dg.DagsterEventType.RUN_SUCCESS
    assert not list((home / "commands").glob("*.lock"))


def test_the_databases_of_the_instance_stay_open_during_a_run_and_are_closed_after_it(lake: Path) -> None:
    with lake_instance(lake / ".dagster") as instance:
        journal = lake / ".dagster" / "history" / "runs" / "index.db-wal"
        with held_open(instance, "some-run"), held_open(instance, "some-run"):
            made = dg.AssetMaterialization(RAW_ASSET, partition=DAYS[0])
            instance.report_runless_asset_event(made)
            assert journal.exists(), "its connection is open: the journal is not written back yet"
            with sqlite3.connect(journal.with_name("index.db")) as reader:
                (count,) = reader.execute("SELECT count(*) FROM event_logs").fetchone()
            reader.close()
            assert count == 1, "another process sees the event at once"
        assert not journal.exists()
        assert instance.get_materialized_partitions(dg.AssetKey(RAW_ASSET)) == {DAYS[0]}


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status
