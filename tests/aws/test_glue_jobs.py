"""A step runs its job on Glue: it hears of progress, gets the report, and says why there is none."""

from __future__ import annotations

import datetime
import itertools

import pytest

from healthlake.errors import DropVanished, UsageError
from healthlake_dagster.resources.aws_errors import AwsError
from healthlake_dagster.resources.pipes_s3 import S3Folder
from tests.aws.glue_scripts import REPORTS, WORKS, go, put_script, waits_then
from tests.aws.glue_step import JOB, PIPES, Step, quick
from tests.aws.glue_world import BUCKET, keys, put_job
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.glue import Plan

ONE_TABLE = [("bronze_patient", 3)]


def reported(step: Step) -> list[tuple[str, int]]:
    assert step.report is not None, step.raised
    return [(table.table, table.rows) for table in step.report.tables]


def test_the_report_of_the_script_is_the_steps_and_nothing_of_it_stays_in_s3(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert keys(glue, PIPES) == []


def test_messages_that_nobody_came_back_to_are_removed_when_they_are_old(
    glue: AwsEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_script(glue, REPORTS)
    uri = f"s3://{BUCKET}/{PIPES}"
    with S3Folder(uri, "0" * 32, None) as left, S3Folder(uri, "of somebody else", None) as other:
        left.put("1.json", "{}")
        other.put("1.json", "{}")
        Step().run()
        assert keys(glue, PIPES) == [left.key("1.json"), other.key("1.json")]
        monkeypatch.setattr("healthlake_dagster.resources.glue.LONGEST_RUN", datetime.timedelta(0))
        Step().run()
        assert keys(glue, PIPES) == [other.key("1.json")]


def test_a_place_for_messages_that_is_not_there_is_told_by_its_variable(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    before = list(glue.glue.run_ids)
    step = Step(quick(pipes="s3://no-such-bucket-here/pipes")).run()
    assert isinstance(step.raised, AwsError)
    assert "(HEALTHLAKE_PIPES): AWS answered NoSuchBucket" in str(step.raised)
    assert list(glue.glue.run_ids) == before


def test_the_script_gets_the_arguments_that_a_local_spark_gets(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS, name=f"test_{JOB}")
    step = Step(quick(job_prefix="test_", worker_type="G.2X", workers=5)).run()
    assert reported(step) == ONE_TABLE
    run = glue.client("glue").get_job_run(JobName=f"test_{JOB}", RunId=glue.glue.run_ids[-1])["JobRun"]
    given = {
        name: value for name, value in run["Arguments"].items() if not name.startswith("--dagster-pipes")
    }
    assert given == {
        "--healthlake-step": f"{step.run_id}/a/2026-01-01_2026-01-02",
        "--lake": "s3://lake-bucket/lake",
        "--database": "healthlake",
        "--partition-start": "2026-01-01",
        "--partition-end": "2026-01-02",
        "--healthlake-message-seconds": "0",
    }
    assert (run["WorkerType"], run["NumberOfWorkers"]) == ("G.2X", 5)


def test_progress_is_heard_while_the_job_runs(glue: AwsEmulator) -> None:
    put_script(glue, waits_then(REPORTS))
    states: list[str] = []

    def say(line: str) -> None:
        if line == "at work":
            states.append(glue.glue.state(glue.glue.run_ids[-1]))
            go(glue)

    assert reported(Step(say=say).run()) == ONE_TABLE
    assert states == ["RUNNING"]


def test_a_slow_start_is_shown_and_waited_for(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    glue.glue.plan(Plan(polls=3, waits=True))
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert [line for line in step.heard if line.endswith("is WAITING")]


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("EXPIRED", "waited in Glue's queue for too long"),
        ("TIMEOUT", "raise the job's Timeout"),
        ("ERROR", "Read the error log"),
        ("FAILED", "Read the error log"),
        ("STOPPED", "Somebody stopped it"),
    ],
)
def test_a_run_that_ends_without_a_report_ends_the_step(glue: AwsEmulator, state: str, remedy: str) -> None:
    put_script(glue, REPORTS)
    glue.glue.plan(Plan(ends=state))
    said = Step().run().error()
    assert (
        f"Glue job {JOB} for 2026-01-01 to 2026-01-02: run {glue.glue.run_ids[-1]} ended as {state}" in said
    )
    assert remedy in said
    assert "https://eu-central-1.console.aws.amazon.com/cloudwatch/" in said
    assert keys(glue, PIPES) == []


def test_a_run_that_succeeds_without_a_report_ends_the_step(glue: AwsEmulator) -> None:
    put_job(glue, JOB, "print('nothing to say')")
    assert "ended as SUCCEEDED without a report" in Step().run().error()


def test_a_killed_run_ends_the_step(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    step = Step(say=lambda line: glue.glue.kill(glue.glue.run_ids[-1]) if line == "at work" else None)
    assert "ended as FAILED without a report: Command failed with exit code 137" in step.run().error()
    assert keys(glue, PIPES) == []


def test_what_a_script_reported_before_it_failed_is_kept(glue: AwsEmulator) -> None:
    put_script(glue, "send(report_message(JobReport(TABLES, faults=FAULTS)))\nraise DropVanished('gone')")
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert step.report is not None
    assert [(fault.table, type(fault.error)) for fault in step.report.faults] == [
        ("bronze_file", DropVanished)
    ]


def test_a_run_that_fails_after_it_reported_no_fault_is_told(glue: AwsEmulator) -> None:
    put_script(glue, f"{REPORTS}\nraise SystemExit(3)")
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert any("ended as FAILED, after it had reported all as published" in line for line in step.logged)


def test_an_error_that_the_script_sent_is_raised_as_its_class(glue: AwsEmulator) -> None:
    put_script(
        glue, "send(error_message(DropVanished('the drop is gone')))\nraise DropVanished('it is gone')"
    )
    step = Step().run()
    assert step.error().startswith(f"the drop is gone (Glue job {JOB}")
    assert isinstance(step.raised, DropVanished)


def test_a_report_of_another_version_asks_to_deploy_this_one(glue: AwsEmulator) -> None:
    other = {"report": {"tables": [], "checks": [["t", "c", "2026-01-01", 1, 0, None]], "faults": []}}
    put_script(glue, f"send({other!r})")
    assert "Deploy the job's script and the healthlake zip of this version" in Step().run().error()


def test_messages_that_can_not_be_removed_end_a_step_and_the_next_one_takes_their_report(
    glue: AwsEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_script(glue, REPORTS)
    clear, calls = S3Folder.clear, itertools.count()

    def denied(folder: S3Folder) -> None:
        if next(calls) == 1:
            raise AwsError("emptying the folder: AWS answered AccessDenied", "AccessDenied")
        clear(folder)

    monkeypatch.setattr(S3Folder, "clear", denied)
    first = Step().run()
    assert first.error() == "emptying the folder: AWS answered AccessDenied"
    assert reported(Step(run_id=first.run_id).run()) == ONE_TABLE
    assert glue.glue.calls["StartJobRun"] == 1
    assert keys(glue, PIPES) == []


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"MaxRetries": 2}, "MaxRetries 2 and MaxConcurrentRuns 1, expected 0 and 1"),
        ({"ExecutionProperty": {"MaxConcurrentRuns": 3}}, "MaxRetries 0 and MaxConcurrentRuns 3"),
    ],
)
def test_a_job_that_glue_itself_would_repeat_is_refused(
    glue: AwsEmulator, definition: dict[str, object], said: str
) -> None:
    put_script(glue, REPORTS, **definition)
    assert said in Step().run().error()
    assert glue.glue.calls["StartJobRun"] == 0


def test_a_job_whose_definition_may_not_be_read_runs_with_a_warning(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    glue.glue.fail("GetJob", "AccessDeniedException", 400)
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert any("glue:GetJob is denied" in line for line in step.logged)


def test_a_job_that_is_not_deployed_is_named(glue: AwsEmulator) -> None:
    step = Step(quick(job_prefix="absent_")).run()
    assert "there is no such job in eu-central-1" in step.error()
    assert f"absent_{JOB}" in step.error()
    assert isinstance(step.raised, UsageError)
