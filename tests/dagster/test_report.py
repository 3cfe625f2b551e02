"""The page as an asset: a run of many days writes it once, and its metadata leads there."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from healthlake.checks.catalogue import catalogue
from healthlake_dagster.assets.report import REPORT_ASSET
from healthlake_dagster.commands.materialize import run_days
from healthlake_dagster.runs import lake_instance
from tests.dagster.conftest import dates, settings_of
from tests.report.lake import PATIENT, publish_report
from tests.world import World, patient

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


def test_the_page_is_written_also_on_the_day_whose_gold_a_rule_stops(tmp_path: Path) -> None:
    root, rules = tmp_path / "lake", tmp_path / "rules.toml"
    gender = next(c for c in catalogue()["silver_patient_history"] if c.name == "gender_in_value_set")
    rules.write_text(
        f'[[override]]\nrule = "{gender.id}"\nfail = 0\nblocks_gold = true\n'
        'reason = "sex is reported by law"\ndate = 2026-01-01\n'
    )
    with World(root) as world:
        world.put_resources(dates(DAYS[0])[0], "a.ndjson", [patient("p1", gender="M")])
    summary = run_days(settings_of(root, rules_text=str(rules)), dates(DAYS[0]))
    assert not summary.succeeded
    assert "gold_population_summary" not in summary.rows
    text = (root / "reports" / "data_quality.html").read_text("utf-8")
    assert "gender_in_value_set" in text
    assert "1 of them blocks" in text
    assert "gold_population_summary</code> has no rows for the day" in text


def test_the_page_of_a_run_shows_the_population_that_the_run_computed(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    with World(root) as world:
        world.put_resources(dates(DAYS[0])[0], "a.ndjson", [patient("p1")])
    assert run_days(settings_of(root), dates(DAYS[0])).succeeded
    text = (root / "reports" / "data_quality.html").read_text("utf-8")
    assert "1 living, 0 dead." in text
    assert "Up to date" in text and "<dd>yes</dd>" in text
