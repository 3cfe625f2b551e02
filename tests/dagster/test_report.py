"""The page as an asset: a run of many days writes it once, and its metadata leads there."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from healthlake_dagster.assets.report import REPORT_ASSET
from healthlake_dagster.commands.materialize import run_days
from healthlake_dagster.runs import lake_instance
from tests.dagster.conftest import dates, settings_of
from tests.report.lake import PATIENT, publish_report

DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")


def test_a_run_of_three_days_writes_the_page_and_marks_each_day_with_its_link(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    root.mkdir()
    publish_report(root)
    assert run_days(settings_of(root), dates(*DAYS), f"key:{REPORT_ASSET}").succeeded
    page = root / "reports" / "data_quality.html"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    with lake_instance(root / ".dagster") as instance:
        records = instance.fetch_materializations(dg.AssetKey(REPORT_ASSET), limit=10).records
    assert sorted(record.partition_key or "" for record in records) == list(DAYS)
    for record in records:
        assert record.asset_materialization is not None
        told = {name: value.value for name, value in record.asset_materialization.metadata.items()}
        assert told["page"] == page.as_uri()
        assert told["path"] == str(page)
        assert told["verdict"] == (
            "3 January 2026: 5 rules fail in 3 tables, most of them in silver_observation_history."
        )
        assert (told["days"], told["rules"], told["rules_failed"], told["rules_warned"]) == (13, 151, 5, 5)
        assert PATIENT not in str(told)
