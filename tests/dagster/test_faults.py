"""When a day or a table is bad: the good days show green, the bad one red, the step fails once and says why,
nothing downstream is fooled, and no message holds a value or a file name."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.contracts.registry import BRONZE_TABLES
from healthlake_dagster.commands.materialize import RunSummary, run_days
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.resources.etl import DuckDBJobs
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.runs import lake_instance, run_events
from healthlake_dagster.settings import Settings
from tests.conftest import REPOSITORY
from tests.dagster.conftest import dates, settings_of
from tests.dagster.live import LiveDagster
from tests.world import World, encounter, observation, patient
from tests.world import day as january

GOOD, BAD, LATER = "2026-01-10", "2026-01-11", "2026-01-12"
PRIVATE = "Zebulon-Quux"
"""Stands for a patient's name: in file names, values and the messages of foreign exceptions."""


@pytest.fixture(scope="module")
def vanished(live: LiveDagster, live_lake: Path, backfill: dict[str, Any]) -> RunSummary:
    """A run of three days on the live lake, of which bronze knew the middle one until its file vanished from
    raw."""
    with World(live_lake) as world:
        for number in (10, 11, 12):
            name = f"v{number}"
            resources = [patient(name), encounter(name, name), observation(name, name)]
            file = world.put_resources(january(number), f"{PRIVATE}_{number}.ndjson", resources)
            if number == 11:
                vanishing = file
    settings = settings_of(live_lake)
    assert run_days(settings, dates(BAD), "group:bronze").succeeded
    vanishing.rename(live_lake / "elsewhere")
    return run_days(settings, dates(GOOD, BAD, LATER))


def test_the_step_fails_once_and_says_what_vanished_and_what_to_do(vanished: RunSummary) -> None:
    assert not vanished.succeeded
    (fault,) = vanished.faults
    assert f"reading the drop of {BAD}: 1 of the 1 files that bronze knows are missing from raw" in fault
    assert f"healthlake materialize --from {BAD}" in fault


@pytest.mark.usefixtures("vanished")
@pytest.mark.parametrize("table", [table.name for table in BRONZE_TABLES])
def test_the_good_days_show_green_and_the_vanished_one_red(live: LiveDagster, table: str) -> None:
    shown = live.partitions(table)
    assert {day: shown.get(day) for day in (GOOD, BAD, LATER)} == {
        GOOD: "MATERIALIZED",
        BAD: "FAILED",
        LATER: "MATERIALIZED",
    }


@pytest.mark.usefixtures("vanished")
def test_the_checks_of_the_good_days_are_reported_although_the_step_failed(live: LiveDagster) -> None:
    shown = live.checks("bronze_patient")["keys_not_null"]
    assert (shown[GOOD], shown[LATER]) == ("SUCCEEDED", "SUCCEEDED")


@pytest.mark.usefixtures("vanished")
@pytest.mark.parametrize("table", [table.name for table in BRONZE_TABLES])
def test_the_checks_of_the_bad_day_are_failed_and_say_that_they_could_not_be_evaluated(
    live: LiveDagster, table: str
) -> None:
    assert {name: of_day[BAD] for name, of_day in live.checks(table).items()} == {
        check.name: "FAILED" for check in catalogue()[table]
    }
    said = live.evaluation(table, "grain_unique", BAD)["evaluation"]
    assert (said["severity"], said["success"]) == ("ERROR", False)
    assert said["description"].startswith("could not be evaluated: ")


@pytest.mark.usefixtures("vanished")
def test_nothing_downstream_ran_in_that_run(live: LiveDagster) -> None:
    for table in ("silver_dim_patient", "gold_population_summary"):
        assert live.rows(table, GOOD) is None
        assert live.checks(table)["keys_not_null"][GOOD] == "EXECUTION_FAILED"


@pytest.mark.usefixtures("vanished")
def test_what_the_vanished_day_held_before_is_still_there(live_lake: Path) -> None:
    with World(live_lake) as world:
        ids = {row["resource_id"] for row in world.records("bronze_patient")}
    assert {"v10", "v11", "v12"} <= ids


@pytest.mark.usefixtures("vanished")
def test_gold_is_refused_by_the_ledger_from_the_bad_day_on_and_computed_before_it(
    live: LiveDagster, live_lake: Path
) -> None:
    with World(live_lake) as world:
        for day in dates(GOOD, LATER):
            assert not world.silver(day).faults
    gold = run_days(settings_of(live_lake), dates(GOOD, BAD, LATER), "key:gold_population_summary")
    assert not gold.succeeded
    for fault in gold.faults[0].splitlines():
        assert f"1 landed day(s) up to it have no complete silver ({BAD})" in fault
        assert f"healthlake materialize --from {BAD}" in fault
    shown = live.partitions("gold_population_summary")
    assert {day: shown.get(day) for day in (GOOD, BAD, LATER)} == {
        GOOD: "MATERIALIZED",
        BAD: "FAILED",
        LATER: "FAILED",
    }


@pytest.mark.usefixtures("vanished")
def test_no_event_of_these_runs_holds_a_file_name(live_lake: Path) -> None:
    # After the gold runs above: every event of every run of this lake, as Dagster keeps it.
    with lake_instance(live_lake / ".dagster") as instance:
        kept = [event.to_json() for run in instance.get_runs() for event in instance.all_logs(run.run_id)]
    assert kept
    assert not [event for event in kept if PRIVATE in event]


def test_a_structural_violation_commits_nothing_shows_its_check_failed_and_fails_the_step(
    lake: Path, tmp_path: Path
) -> None:
    sql = tmp_path / "sql"
    sql.mkdir()
    for file in (REPOSITORY / "sql").glob("*.sql"):
        (sql / file.name).write_text(file.read_text())
    # Our own code at fault: every row of the summary twice.
    table = "gold_population_summary"
    once = (sql / f"{table}.sql").read_text().strip().rstrip(";")
    (sql / f"{table}.sql").write_text(f"SELECT * FROM ({once}) AS a UNION ALL SELECT * FROM ({once}) AS b")
    with World(lake) as world:
        world.put_resources(january(1), "a.ndjson", [patient("p1")])
    summary = run_days(settings_of(lake, sql_text=str(sql)), [january(1)])
    assert not summary.succeeded
    (fault,) = summary.faults
    assert f"publishing {table} for 2026-01-01" in fault and "grain_unique" in fault
    failed = [check for check in summary.checks if not check.passed and check.blocking]
    assert [(check.asset_key.to_user_string(), check.check_name) for check in failed] == [
        (table, "grain_unique")
    ]
    assert failed[0].severity is dg.AssetCheckSeverity.ERROR
    assert table not in summary.rows
    assert "gold_data_quality_dashboard" in summary.rows, "the other table is none the worse"
    with World(lake) as world:
        assert world.rows(table) == []


class _Foreign(DuckDBJobs):
    """An engine that fails as foreign code does: with a value in the message, caused by another one with a
    path."""

    def raw_to_bronze(self, context: Any, days: Any, listener: Any) -> Any:
        try:
            raise FileNotFoundError(2, "No such file", f"/raw/{PRIVATE}.json")
        except FileNotFoundError as error:
            raise ValueError(f"can't read 1980-02-29 of {PRIVATE}") from error


def _events(settings: Settings, **resources: object) -> list[dg.EventLogEntry]:
    """What Dagster keeps of a run of bronze on these resources."""
    definitions = build_definitions(settings, resources)
    keys = {dg.AssetKey(table.name) for table in BRONZE_TABLES}
    with lake_instance(settings.lake / ".dagster") as instance:
        for _ in run_events(definitions, instance, keys, [datetime.date(2026, 1, 1)]):
            pass
        return list(instance.all_logs(instance.get_runs(limit=1)[0].run_id))


def test_an_exception_of_foreign_code_leaves_its_class_and_place_but_not_its_message_in_the_event_log(
    lake: Path,
) -> None:
    settings = settings_of(lake)
    events = _events(settings, etl=_Foreign(LakeResource(settings)))
    kept = [event.to_json() for event in events]
    assert not [event for event in kept if PRIVATE in event or "1980-02-29" in event]
    (failed,) = [
        event.dagster_event for event in events if event.dagster_event and event.dagster_event.is_step_failure
    ]
    message = failed.step_failure_data.user_failure_data.description
    assert "unexpected ValueError" in message
    assert "test_faults.py" in message and "raw_to_bronze" in message


def test_a_lake_that_went_away_fails_the_step_with_what_to_do(lake: Path, tmp_path: Path) -> None:
    gone = settings_of(tmp_path / "gone")
    settings = settings_of(lake)
    events = _events(settings, etl=DuckDBJobs(LakeResource(gone)))
    (failed,) = [
        event.dagster_event for event in events if event.dagster_event and event.dagster_event.is_step_failure
    ]
    assert "is no folder" in failed.step_failure_data.user_failure_data.description
    assert not gone.lake.exists()


def test_metadata_and_results_hold_counts_and_names_of_ours_only(lake: Path) -> None:
    with World(lake) as world:
        names = {"name": [{"family": PRIVATE, "given": [PRIVATE]}]}
        world.put_resources(
            january(1),
            f"{PRIVATE}.ndjson",
            [patient(PRIVATE, **names), patient(f"{PRIVATE}-2", gender=5, **names)],
        )
    assert run_days(settings_of(lake), [january(1)], "group:bronze or group:silver").succeeded
    with lake_instance(lake / ".dagster") as instance:
        kept = [event.to_json() for event in instance.all_logs(instance.get_runs(limit=1)[0].run_id)]
    assert json.dumps(kept).count("partition_row_count") >= len(BRONZE_TABLES)
    assert not [event for event in kept if PRIVATE in event]
