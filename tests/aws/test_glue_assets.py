"""The project's own assets on Glue: what is known of the run is on every materialization of the step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg

from healthlake.contracts.registry import BRONZE_TABLES
from healthlake.errors import UsageError
from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.resources.glue import GlueJobs
from healthlake_dagster.settings import Settings
from tests.aws.glue_scripts import EXTRA, put_script
from tests.aws.glue_step import JOB, Step, quick
from tests.aws.glue_world import put_job
from tests.aws_emulator import AwsEmulator
from tests.conftest import REPOSITORY

DAYS = ("2026-01-01", "2026-01-02")
ALL_OF_BRONZE = f"""
from healthlake.contracts.registry import BRONZE_TABLES
days = [datetime.date.fromisoformat(day) for day in {DAYS!r}]
report = JobReport([TableDay(t.name, day, day.day, True, 9) for t in BRONZE_TABLES for day in days])
send(report_message(report))
""".strip()


def test_every_materialization_of_the_step_shows_its_glue_run(glue: AwsEmulator, lake: Path) -> None:
    put_script(glue, ALL_OF_BRONZE)
    settings = Settings.load({}, lake_text=str(lake))
    keys = [dg.AssetKey(table.name) for table in BRONZE_TABLES]
    job = build_definitions(settings, {"etl": GlueJobs(quick())}).resolve_implicit_global_asset_job_def()
    tags = {"dagster/asset_partition_range_start": DAYS[0], "dagster/asset_partition_range_end": DAYS[1]}
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(instance=instance, asset_selection=keys, tags=tags)
        made = done.get_asset_materialization_events()
        logged = [entry.user_message for entry in instance.all_logs(done.run_id)]
    assert done.success
    run_id = glue.glue.run_ids[-1]
    found = {(event.asset_key.to_user_string(), event.partition): event.materialization for event in made}
    assert set(found) == {(table.name, day) for table in BRONZE_TABLES for day in DAYS}
    for (_, day), materialization in found.items():
        shown = materialization.metadata
        assert shown["dagster/partition_row_count"].value == int(day[-2:])
        assert (shown["glue/job"].value, shown["glue/run_id"].value) == (JOB, run_id)
        assert shown["glue/state"].value == "SUCCEEDED"
        assert shown["glue/estimated_cost_usd"].value > 0
        assert str(shown["glue/error_log"].value).endswith(f"/log-events/{run_id}")
    (line,) = [line for line in logged if line.startswith(f"Glue job {JOB}, run {run_id}: SUCCEEDED after")]
    assert "DPU-seconds" in line


def test_what_a_real_script_can_not_do_comes_back_as_its_error(glue: AwsEmulator) -> None:
    script = (REPOSITORY / "glue_scripts" / f"{JOB}.py").read_text("utf-8")
    put_job(glue, JOB, script, DefaultArguments={**EXTRA, "--threads": "no"})
    step = Step().run()
    assert step.error().startswith("reading the arguments: --")
    assert isinstance(step.raised, UsageError)
    assert "JobFailed: reading the arguments: --" in glue.glue.output(glue.glue.run_ids[-1])


def test_glue_can_be_set_up_without_boto3_and_imports_no_spark() -> None:
    script = (
        "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None\n"
        "from healthlake.errors import UsageError\n"
        "from healthlake.aws import aws_client\n"
        "from healthlake_dagster.resources.glue import GlueJobs\n"
        "from healthlake_dagster.resources.glue_options import GlueOptions\n"
        "GlueJobs(GlueOptions('s3://b/lake', 'healthlake', 's3://b/pipes'))\n"
        "assert 'pyspark' not in sys.modules\n"
        "try: aws_client('glue', attempts=1)\n"
        "except UsageError as error: print(error)\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "boto3 is missing. Run pip install 'healthlake[aws]'." in done.stdout, done.stderr
