"""A UI backfill of three days through a live daemon: one run, each day's own counts and check results, and
the same gold as day by day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from healthlake.checks.catalogue import catalogue
from healthlake.checks.families import FILES_LANDED, RAW_ASSET
from healthlake.contracts.registry import TABLES
from tests.dagster.conftest import ALL_ASSETS, dates
from tests.dagster.drops import DAYS, ROWS, WARNED, land_three_days
from tests.dagster.live import LiveDagster
from tests.world import World


def test_the_backfill_is_one_run_and_ends_green(live: LiveDagster, backfill: dict[str, Any]) -> None:
    assert [live.failures(run["runId"]) for run in backfill["runs"]] == [[]]
    assert [run["status"] for run in backfill["runs"]] == ["SUCCESS"]
    assert (backfill["status"], backfill["error"]) == ("COMPLETED_SUCCESS", None)
    tags = {tag["key"]: tag["value"] for tag in backfill["runs"][0]["tags"]}
    assert tags["dagster/asset_partition_range_start"] == DAYS[0]
    assert tags["dagster/asset_partition_range_end"] == DAYS[-1]


def test_the_backfill_targets_three_days_of_every_asset_and_no_more(backfill: dict[str, Any]) -> None:
    counts = {
        each["assetKey"]["path"][0]: (
            each["numPartitionsTargeted"],
            each["numPartitionsMaterialized"],
            each["numPartitionsFailed"],
        )
        for each in backfill["assetBackfillData"]["assetBackfillStatuses"]
    }
    assert counts == dict.fromkeys(ALL_ASSETS, (3, 3, 0))


def test_every_day_shows_its_own_row_counts(live: LiveDagster, backfill: dict[str, Any]) -> None:
    shown = {table: tuple(live.rows(table, day) for day in DAYS) for table in ROWS}
    assert shown == ROWS


@pytest.mark.parametrize("table", (RAW_ASSET, *TABLES))
def test_every_check_shows_a_status_for_every_day(
    live: LiveDagster, backfill: dict[str, Any], table: str
) -> None:
    warned = WARNED.get(table, {})
    expected = {
        check.name: {day: "FAILED" if day in warned.get(check.name, ()) else "SUCCEEDED" for day in DAYS}
        for check in catalogue()[table]
    }
    assert live.checks(table) == expected


def test_what_data_may_fail_is_a_warning_with_its_counts(live: LiveDagster, backfill: dict[str, Any]) -> None:
    found = live.evaluation("silver_quarantine", "nothing_quarantined", DAYS[1])
    counts = {entry["label"]: entry.get("intValue") for entry in found["evaluation"]["metadataEntries"]}
    assert (found["evaluation"]["severity"], found["evaluation"]["success"]) == ("WARN", False)
    assert (counts["applicable"], counts["violated"]) == (4, 1)


def test_the_raw_asset_shows_its_files(live: LiveDagster, backfill: dict[str, Any]) -> None:
    assert live.partitions(RAW_ASSET) == dict.fromkeys(DAYS, "MATERIALIZED")
    assert live.checks(RAW_ASSET) == {FILES_LANDED.name: dict.fromkeys(DAYS, "SUCCEEDED")}


def test_the_backfill_leaves_the_same_tables_as_day_by_day(
    live_lake: Path, backfill: dict[str, Any], lake: Path
) -> None:
    land_three_days(lake)
    with World(lake) as by_day, World(live_lake) as by_backfill:
        for day in dates(*DAYS):
            by_day.run(day)
            assert not by_day.gold(day).faults
        for table, rows in by_day.tables().items():
            assert [row for row in by_backfill.rows(table) if row[0] in dates(*DAYS)] == rows, table


def test_what_dagster_prints_holds_no_warning_about_our_definitions(
    live: LiveDagster, backfill: dict[str, Any]
) -> None:
    log = live.log.read_text()
    assert "BetaWarning" not in log
    assert "PreviewWarning" not in log
    assert "DeprecationWarning" not in log
