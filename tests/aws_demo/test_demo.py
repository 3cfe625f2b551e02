"""The whole graph on AWS: the same rows as on a laptop, whatever went wrong on the way; nothing doubled,
nothing left running."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from healthlake.contracts.model import Layer
from healthlake.contracts.registry import TABLES
from healthlake.engine.athena import AthenaEngine
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import lake_path
from healthlake_dagster.resources.athena import AthenaSession
from healthlake_dagster.resources.athena_options import AthenaOptions
from tests.aws.glue_world import keys, until
from tests.aws_demo.conftest import Answer, Aws
from tests.aws_emulator.deployed import LAKE, RESULTS
from tests.aws_emulator.glue_runs import ENDED
from tests.trino.lake import fill_demo
from tests.world import World

DAY = "2026-01-03"


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo's lake in a folder, by DuckDB."""
    with fill_demo(tmp_path_factory.mktemp("local")) as world:
        yield world


@pytest.fixture(scope="session")
def athena(aws: Aws) -> Iterator[AthenaEngine]:
    options = AthenaOptions("primary", "healthlake", output_location=RESULTS)
    catalog = LakeCatalog(LakeLayout(lake_path(LAKE)), "healthlake")
    with AthenaEngine(catalog, AthenaSession(options, "parity")) as engine:
        yield engine


def test_the_demo_ends_well_and_says_what_it_does(demo: Answer) -> None:
    assert demo.code == 0, demo.err
    assert "gold_population_summary" in demo.out
    assert f"The lake is in {LAKE}" in demo.out
    assert "is RUNNING" in demo.err
    assert "MB split" in demo.err


def test_each_job_ran_once_and_nothing_is_left(aws: Aws, demo: Answer) -> None:
    glue = aws.emulator.glue
    assert [glue.state(run_id) for run_id in glue.run_ids] == ["SUCCEEDED", "SUCCEEDED"]
    assert keys(aws.emulator, "lake/_pipes/") == []
    assert {query.status for query in aws.emulator.athena.queries} <= {"SUCCEEDED", "FAILED"}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_the_rows_of_a_local_lake(
    table: str, demo: Answer, local: World, athena: AthenaEngine
) -> None:
    athena.read(TABLES[table], name="all_rows")
    found, expected = sorted(athena.rows("SELECT * FROM all_rows"), key=repr), local.rows(table)
    assert found == expected
    assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in expected]


def test_materializations_tell_what_glue_and_athena_did(aws: Aws, demo: Answer) -> None:
    home = aws.home / LAKE.removeprefix("s3://") / ".dagster"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for table, contract in TABLES.items():
            event = instance.get_latest_materialization_event(dg.AssetKey(table))
            assert event is not None and event.asset_materialization is not None
            told = event.asset_materialization.metadata
            prefix = "athena/" if contract.layer is Layer.GOLD else "glue/"
            assert any(name.startswith(prefix) for name in told), (table, sorted(told))


def test_every_command_works_on_s3(aws: Aws, demo: Answer, tmp_path: Path) -> None:
    sql = aws.healthlake("sql", "--format", "json", "SELECT count(*) AS n FROM silver_dim_patient")
    assert json.loads(sql.out) == [{"n": 21}], sql.err
    mistyped = aws.healthlake("sql", "SELECT gendr FROM silver_dim_patient")
    assert mistyped.code == 2 and 'Candidate bindings: "gender"' in mistyped.err
    asked = aws.healthlake("sql", "--format", "csv", "SELECT patient_id FROM silver_dim_patient LIMIT 1")
    patient = asked.out.splitlines()[1]
    traced = aws.healthlake("trace", "silver_dim_patient", patient, "--raw")
    assert json.loads(traced.out)["id"] == patient, traced.err
    gold = aws.healthlake("trace", "gold_population_summary", f"{DAY},patients")
    assert gold.code == 0 and "silver_patient_history" in gold.out, gold.err
    assert aws.healthlake("quarantine").code == 0
    assert aws.healthlake("revisions").code == 0
    checked = aws.healthlake("check", "--from", DAY, "--junit", tmp_path / "checks.xml")
    assert checked.code == 0 and "<testsuite" in (tmp_path / "checks.xml").read_text("utf-8"), checked.err
    page = aws.healthlake("report")
    assert page.code == 0, page.err
    assert "lake/reports/data_quality.html" in keys(aws.emulator, "lake/reports/")


def test_a_corrected_drop_reaches_gold(aws: Aws, demo: Answer, tmp_path: Path) -> None:
    landed = aws.healthlake("land", _patient(tmp_path, "Ann"), "--dt", DAY)
    assert landed.code == 0, landed.err
    refused = aws.healthlake("land", _patient(tmp_path, "Bea"), "--dt", DAY)
    assert refused.code == 2 and "--replace" in refused.err
    replaced = aws.healthlake("land", _patient(tmp_path, "Bea"), "--dt", DAY, "--replace")
    assert replaced.code == 0, replaced.err
    assert "replace" in aws.healthlake("revisions").out
    stale = aws.healthlake("materialize", "--stale")
    assert stale.code == 0, stale.err
    found = aws.healthlake("sql", "--format", "json", "SELECT count(*) AS n FROM silver_dim_patient")
    assert json.loads(found.out) == [{"n": 22}], found.err


def test_a_second_run_of_gold_waits_for_the_pool_of_the_table(aws: Aws, demo: Answer) -> None:
    """Two commands at a time: the second says that it waits, and goes on when the first has ended."""
    athena = aws.emulator.athena
    before = len(athena.queries)
    athena.hold()
    command = ("materialize", "--from", DAY, "--select", "gold_population_summary")
    try:
        first = aws.start(*command)
        assert athena.wait_until(lambda: len(athena.queries) > before, seconds=120)
        second = aws.start(*command)
        assert second.stderr is not None
        line = next(line for line in second.stderr if "waiting: another run writes its tables" in line)
        assert "pool healthlake/gold_population_summary" in line
        assert first.poll() is None
    finally:
        athena.release()
    assert first.communicate(timeout=300) and second.communicate(timeout=300)
    assert (first.returncode, second.returncode) == (0, 0)


def test_an_interrupted_command_stops_its_job_run(aws: Aws, demo: Answer) -> None:
    run_id, process = _started(aws)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode != 0 and "Traceback" not in err
    assert aws.emulator.glue.state(run_id) == "STOPPED"


def test_after_a_killed_command_the_next_waits_for_its_job_run(aws: Aws, demo: Answer) -> None:
    run_id, process = _started(aws)
    process.kill()
    process.communicate()
    again = aws.healthlake("materialize", "--from", DAY, "--select", "group:bronze")
    assert again.code == 0, again.err
    assert "another run" in again.err
    glue = aws.emulator.glue
    assert glue.state(run_id) == "SUCCEEDED"
    assert all(glue.state(each) in ENDED for each in glue.run_ids)


def _started(aws: Aws) -> tuple[str, Any]:
    """A command whose job run is under way, and that run."""
    glue = aws.emulator.glue
    before = len(glue.run_ids)
    process = aws.start("materialize", "--from", DAY, "--select", "group:bronze")
    until(lambda: len(glue.run_ids) > before and glue.state(glue.run_ids[-1]) == "RUNNING", 120)
    return glue.run_ids[-1], process


def _patient(folder: Path, name: str) -> Path:
    path = folder / "corrected.ndjson"
    path.write_text(
        json.dumps({"resourceType": "Patient", "id": "p-new", "name": [{"given": [name]}]}) + "\n"
    )
    return path
