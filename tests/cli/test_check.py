"""`healthlake check`: what a user's CI calls. 0, 1 or 2, a table that can be read, and the answers in the
UI's instance."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import dagster as dg

from healthlake.checks.catalogue import catalogue
from healthlake.contracts.registry import TABLES
from healthlake_dagster.runs import lake_instance
from tests.cli.conftest import Command, Materialized
from tests.dagster.drops import DAYS, WARNED
from tests.world import World

CHECKS = sum(map(len, catalogue().values()))
WARNED_ON_FIRST = sum(DAYS[0] in days for checks in WARNED.values() for days in checks.values())
WARNINGS = sum(len(days) for checks in WARNED.values() for days in checks.values())


def test_every_check_of_every_day_is_a_row_and_warnings_are_told_but_fail_nothing(
    healthlake: Command, materialized: Materialized
) -> None:
    answer = healthlake("check", "--from", DAYS[0], "--to", DAYS[2], "--lake", materialized.lake)
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if "│" in line]
    assert len(rows) == 3 * CHECKS
    assert ["bronze_patient", "keys_not_null", DAYS[1], "pass", "3", "0"] in rows
    assert ["bronze_encounter", "has_rows", DAYS[1], "WARN", "1", "1"] in rows
    assert f"WARN bronze_encounter has_rows {DAYS[1]}: violated by 1 of 1: The day has rows." in lines
    skipped = sum(row[3] == "n/a" for row in rows)
    passed = 3 * CHECKS - WARNINGS - skipped
    said = f"{passed} passed, {skipped} not applicable, {WARNINGS} warned, 0 failed"
    assert lines[-1] == f"{3 * CHECKS} checks: {said}"


def test_the_answers_of_each_run_are_in_the_instance_as_the_days_status(
    healthlake: Command, materialized: Materialized
) -> None:
    key = dg.AssetCheckKey(dg.AssetKey("silver_fct_encounter"), "one_current_row")
    assert healthlake("check", "--from", DAYS[2], "--lake", materialized.lake).code == 0
    with lake_instance(materialized.lake / ".dagster") as instance:
        newest, older = instance.event_log_storage.get_asset_check_execution_history(key, limit=2)
        assert newest.event is not None and newest.event.dagster_event is not None
        evaluation = newest.event.dagster_event.asset_check_evaluation_data
        (made,) = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key.asset_key, asset_partitions=[DAYS[2]]), limit=1
        ).records
        (run,) = instance.get_runs(limit=1)
    assert newest.run_id == run.run_id != older.run_id
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert (evaluation.passed, evaluation.partition) == (True, DAYS[2])
    assert evaluation.target_materialization_data is not None
    assert evaluation.target_materialization_data.storage_id == made.storage_id


def test_the_answers_are_files_that_a_ci_shows(
    healthlake: Command, materialized: Materialized, tmp_path: Path
) -> None:
    junit, markdown = tmp_path / "out" / "checks.xml", tmp_path / "out" / "checks.md"
    files = ("--junit", junit, "--markdown", markdown)
    answer = healthlake("check", "--from", DAYS[0], "--to", DAYS[2], *files, "--lake", materialized.lake)
    assert answer.code == 0
    root = ET.parse(junit).getroot()  # noqa: S314 - written by us a moment ago
    cases = root.findall("testsuite/testcase")
    assert len(cases) == int(root.get("tests") or 0) == 3 * CHECKS
    assert root.findall("testsuite/testcase/failure") == []
    warned = [case for case in cases if (case.findtext("system-out") or "").startswith("WARN: ")]
    assert len(warned) == WARNINGS
    assert ("silver_dim_patient", f"newest_not_quarantined {DAYS[1]}") in {
        (case.get("classname"), case.get("name")) for case in warned
    }
    text = markdown.read_text("utf-8")
    assert text.startswith(f"## healthlake check, {DAYS[0]} to {DAYS[2]}\n\n{answer.out.splitlines()[-1]}.")
    assert text.count("| ⚠️ warn |") == WARNINGS
    assert text.count("| ✅ pass |") + text.count("| ⬜ not applicable |") == 3 * CHECKS - WARNINGS


def test_a_failed_error_check_ends_with_one_and_is_told_apart(
    healthlake: Command, materialized: Materialized, tmp_path: Path
) -> None:
    lake = materialized.lake
    shutil.copytree(lake, tmp_path / "aside")
    try:
        double_a_day(lake, "silver_fct_encounter", DAYS[0])
        answer = healthlake("check", "--from", DAYS[0], "--junit", tmp_path / "checks.xml", "--lake", lake)
    finally:
        # Tables know their place, so the lake that was tampered with is the one that the others use.
        shutil.rmtree(lake)
        shutil.move(tmp_path / "aside", lake)
    assert answer.code == 1
    lines = answer.out.splitlines()
    (failed,) = [line for line in lines if line.startswith("FAIL ")]
    assert failed.startswith(
        f"FAIL silver_fct_encounter grain_unique {DAYS[0]}: violated by 2 of 5: encounter_id"
    )
    assert lines[-1].startswith(f"{CHECKS} checks: ")
    assert lines[-1].endswith(f" {WARNED_ON_FIRST} warned, 1 failed")
    case = ET.parse(tmp_path / "checks.xml").find("testsuite/testcase/failure")  # noqa: S314 - our own
    assert case is not None
    assert (case.get("message") or "").startswith("violated by 2 of 5: encounter_id")


def double_a_day(lake: Path, table: str, day: str) -> None:
    """Commits the day's rows of a table a second time, past all audits: what only a fault of our own code
    could do."""
    contract = TABLES[table]
    with World(lake) as world:
        version = world.catalog.version(contract)
        assert version is not None
        (file,) = [each for each in version.files if each.day.isoformat() == day]
        copy = Path(file.path).with_name("again.parquet")
        shutil.copy(file.path, copy)
        world.catalog.commit(contract, version, [], [(str(copy), file.rows)], {})


def test_a_day_that_was_never_materialized_is_misuse_and_says_what_to_run(
    healthlake: Command, materialized: Materialized
) -> None:
    answer = healthlake("check", "--from", DAYS[2], "--to", "2026-01-05", "--lake", materialized.lake)
    assert (answer.code, answer.out) == (2, "")
    assert "2 of the 3 days were never materialized" in answer.err
    assert "healthlake materialize --from 2026-01-03 --to 2026-01-05" in answer.err
