"""One defect in a drop, seen to the end: a red check, gold that is stopped, a sample that leads to file and
position, a red cell on the page."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import dagster as dg
import pytest

from healthlake.contracts.registry import TABLES
from healthlake_dagster.commands.materialize import RunSummary, run_days
from healthlake_dagster.settings import Settings
from tests.dagster.conftest import dates, settings_of
from tests.dagster.drops import whole_patient
from tests.report.test_browser import CHROMIUM
from tests.world import World

GOOD, BAD = "2026-01-01", "2026-01-02"
FAIL_FILL = "var(--heat-fail)"
RED = "--heat-fail: #c2412d"
STOPS = """
[[override]]
rule = "P01"
fail = 0
blocks_gold = true
reason = "sex is reported by law"
date = 2026-01-01
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two days, landed; on the second, the third of three patients has a gender that FHIR doesn't know."""
    folder = tmp_path_factory.mktemp("defect")
    (folder / "rules.toml").write_text(STOPS, "utf-8")
    with World(folder / "lake") as world:
        world.put_resources(dates(GOOD)[0], "a.ndjson", [whole_patient("p1")])
        drop = [whole_patient("p2"), whole_patient("p3"), whole_patient("p4", gender="M")]
        world.put_resources(dates(BAD)[0], "b.ndjson", drop)
    return settings_of(folder / "lake", rules_text=str(folder / "rules.toml"))


@pytest.fixture(scope="module")
def summary(settings: Settings) -> RunSummary:
    return run_days(settings, dates(GOOD, BAD))


def test_the_check_is_red_on_its_day_and_says_where_the_rows_are(summary: RunSummary) -> None:
    found = {check.partition: check for check in summary.checks if check.check_name == "gender_in_value_set"}
    assert found[GOOD].passed
    bad = found[BAD]
    assert (bad.passed, bad.severity) == (False, dg.AssetCheckSeverity.ERROR)
    facts = {name: value.value for name, value in bad.metadata.items()}
    assert (facts["status"], facts["applicable"], facts["violated"]) == ("fail", 3, 1)
    assert facts["changed_terms"] == "2026-01-01: sex is reported by law"
    assert "SELECT row_id, file_id, line, entry" in str(facts["failing_rows"])


def test_gold_of_the_day_is_stopped_and_of_the_day_before_is_not(summary: RunSummary) -> None:
    assert not summary.succeeded
    assert any("computing gold_population_summary for 2026-01-02: P01 failed" in f for f in summary.faults)
    assert set(summary.rows["gold_population_summary"]) == {GOOD}
    assert set(summary.rows["gold_data_quality_dashboard"]) == {GOOD, BAD}


@pytest.mark.usefixtures("summary")
def test_the_sample_and_the_checks_own_sql_lead_to_file_and_position(
    settings: Settings, summary: RunSummary
) -> None:
    (bad,) = [c for c in summary.checks if c.check_name == "gender_in_value_set" and c.partition == BAD]
    with World(settings.lake) as world:
        for name in TABLES:
            world.engine.read(TABLES[name])
        (sample,) = world.engine.rows(
            "SELECT s.row_id, f.path, s.line, s.entry FROM gold_dq_sample AS s INNER JOIN bronze_file AS f"
            " ON f.dt = s.dt AND f.file_id = s.file_id WHERE s.rule_id = 'P01'"
        )
        (listed,) = world.engine.rows(str(bad.metadata["failing_rows"].value), "athena")
    assert sample == ("p4", "b.ndjson", 3, -1)
    assert (listed[0], listed[2], listed[3]) == ("p4", 3, -1)


@pytest.mark.usefixtures("summary")
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_the_page_has_a_red_cell_for_the_rule_and_day(settings: Settings, tmp_path: Path) -> None:
    page = settings.lake / "reports" / "data_quality.html"
    done = subprocess.run(  # noqa: S603
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert RED in done.stdout
    (cell,) = re.findall(rf'<path aria-label="([^"]*)"[^>]*fill="{re.escape(FAIL_FILL)}"', done.stdout)
    assert cell.startswith(f"day: {BAD}; rule: gender_in_value_set; status: fail; ")
    assert "violated: 1 of 3" in cell
