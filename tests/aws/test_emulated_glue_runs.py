"""The emulated Glue runs a job's real script, and its runs behave as Glue's do."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.glue_world import BUCKET, emulated, put_job, until
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.glue import Plan
from tests.aws_emulator.glue_runs import ENDED

SLEEPS = "import time\nprint('asleep', flush=True)\ntime.sleep(60)"
DEAF = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SLEEPS}"


@pytest.fixture(scope="module")
def shared() -> Iterator[AwsEmulator]:
    with emulated() as emulator:
        yield emulator


@pytest.fixture
def aws(shared: AwsEmulator) -> Iterator[AwsEmulator]:
    shared.glue.seconds_a_minute, shared.glue.seconds_to_stop = 60.0, 5.0
    yield shared
    for run_id in shared.glue.run_ids:
        if shared.glue.state(run_id) not in ENDED:
            shared.glue.end(run_id, "ERROR")


def start(aws: AwsEmulator, **request: Any) -> str:
    run_id: str = aws.client("glue").start_job_run(JobName="job", **request)["JobRunId"]
    return run_id


def asked(aws: AwsEmulator, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("glue").get_job_run(JobName="job", RunId=run_id)["JobRun"]
    return found


def ended(aws: AwsEmulator, run_id: str) -> dict[str, Any]:
    until(lambda: aws.glue.state(run_id) in ENDED)
    return asked(aws, run_id)


def asleep(aws: AwsEmulator, run_id: str) -> None:
    until(lambda: "asleep" in aws.glue.output(run_id))


def test_a_run_executes_the_script_with_arguments_and_extra_files(aws: AwsEmulator) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("helpful.py", "WORD = 'helped'")
    aws.client("s3").put_object(Bucket=BUCKET, Key="code/extra.zip", Body=packed.getvalue())
    script = (
        "import boto3, helpful, os, sys\n"
        f"boto3.client('s3').put_object(Bucket='{BUCKET}', Key='out', Body=helpful.WORD.encode())\n"
        "import json; print(json.dumps([sys.argv[1:], os.environ['FLAG']]))"
    )
    aws.glue.spark_environment = {"FLAG": "set"}
    defaults = {"--extra-py-files": f"s3://{BUCKET}/code/extra.zip", "--a": "default", "--b": "default"}
    put_job(aws, "job", script, DefaultArguments=defaults)
    run = ended(aws, start(aws, Arguments={"--b": "given"}))
    assert (run["JobRunState"], run["Arguments"]) == ("SUCCEEDED", {"--b": "given"})
    argv, flag = json.loads(aws.glue.output(run["Id"]))
    passed = dict(zip(argv[::2], argv[1::2], strict=True))
    assert (passed["--a"], passed["--b"], flag) == ("default", "given", "set")
    assert (passed["--JOB_NAME"], passed["--JOB_RUN_ID"]) == ("job", run["Id"])
    assert aws.client("s3").get_object(Bucket=BUCKET, Key="out")["Body"].read() == b"helped"


def test_a_failed_run_shows_the_last_line_of_its_traceback(aws: AwsEmulator) -> None:
    put_job(aws, "job", "print('so far')\nraise ValueError('seven')")
    run = ended(aws, start(aws))
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "ValueError: seven")
    assert "so far" in aws.glue.output(run["Id"])


def test_a_run_says_how_long_it_took_and_on_what(aws: AwsEmulator) -> None:
    put_job(aws, "job", "import time; time.sleep(0.3)", Timeout=7)
    run = ended(aws, start(aws, WorkerType="G.2X", NumberOfWorkers=3))
    assert run["CompletedOn"] > run["StartedOn"]
    shown = {name: run.get(name) for name in ("ExecutionTime", "WorkerType", "NumberOfWorkers", "Timeout")}
    assert shown == {"ExecutionTime": 1, "WorkerType": "G.2X", "NumberOfWorkers": 3, "Timeout": 7}
    assert (run["MaxCapacity"], run["GlueVersion"], run["LogGroupName"]) == (6.0, "6.0", "/aws-glue/jobs")
    assert "DPUSeconds" not in run
    scaled = ended(aws, start(aws, Arguments={"--enable-auto-scaling": "true"}))
    assert scaled["DPUSeconds"] >= 0.6


def test_a_second_run_is_refused_or_queued(aws: AwsEmulator) -> None:
    put_job(aws, "job", SLEEPS)
    first = start(aws)
    asleep(aws, first)
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        start(aws)
    second = start(aws, JobRunQueuingEnabled=True)
    assert asked(aws, second)["JobRunState"] == "WAITING"
    aws.glue.end(first, "FAILED")
    until(lambda: asked(aws, second)["JobRunState"] == "RUNNING")


@pytest.mark.parametrize(("script", "seconds"), [(SLEEPS, 30.0), (DEAF, 0.3)])
def test_a_stopped_run_ends_its_processes(aws: AwsEmulator, script: str, seconds: float) -> None:
    aws.glue.seconds_to_stop = seconds
    put_job(aws, "job", f"import os; print(os.getpid(), flush=True)\n{script}")
    run_id = start(aws)
    asleep(aws, run_id)
    answer = aws.client("glue").batch_stop_job_run(JobName="job", JobRunIds=[run_id, "jr_no"])
    assert [each["JobRunId"] for each in answer["SuccessfulSubmissions"]] == [run_id]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert ended(aws, run_id)["JobRunState"] == "STOPPED"
    with pytest.raises(ProcessLookupError):
        os.kill(int(aws.glue.output(run_id).split()[0]), 0)


def test_a_stop_can_be_refused(aws: AwsEmulator) -> None:
    put_job(aws, "job", SLEEPS)
    run_id = start(aws)
    aws.glue.refuse_stops(1)
    answer = aws.client("glue").batch_stop_job_run(JobName="job", JobRunIds=[run_id])
    assert (answer["SuccessfulSubmissions"], len(answer["Errors"])) == ([], 1)
    assert aws.glue.state(run_id) not in ENDED
    aws.client("glue").batch_stop_job_run(JobName="job", JobRunIds=[run_id])
    assert ended(aws, run_id)["JobRunState"] == "STOPPED"


def test_a_run_over_its_timeout_is_killed(aws: AwsEmulator) -> None:
    aws.glue.seconds_a_minute = 0.4
    put_job(aws, "job", SLEEPS, Timeout=1)
    assert ended(aws, start(aws))["JobRunState"] == "TIMEOUT"


def test_a_killed_run_fails_with_its_exit_code(aws: AwsEmulator) -> None:
    put_job(aws, "job", SLEEPS)
    run_id = start(aws)
    asleep(aws, run_id)
    aws.glue.kill(run_id)
    run = ended(aws, run_id)
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "Command failed with exit code 137")


def test_a_run_whose_files_are_not_in_s3_fails(aws: AwsEmulator) -> None:
    put_job(aws, "job", "", DefaultArguments={"--extra-py-files": f"s3://{BUCKET}/absent.zip"})
    run = ended(aws, start(aws))
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "S3 answered 404 for the job's files")


@pytest.mark.parametrize("state", ["EXPIRED", "ERROR", "TIMEOUT"])
def test_a_run_ends_as_planned_without_its_script(aws: AwsEmulator, state: str) -> None:
    put_job(aws, "job", "print('ran')")
    aws.glue.plan(Plan(ends=state, message="as planned"))
    run = ended(aws, start(aws))
    assert (run["JobRunState"], run["ErrorMessage"]) == (state, "as planned")
    assert aws.glue.output(run["Id"]) == ""


def test_a_slow_start_takes_as_many_polls_as_planned(aws: AwsEmulator) -> None:
    put_job(aws, "job", "")
    aws.glue.plan(Plan(polls=2, waits=True))
    run_id = start(aws)
    assert asked(aws, run_id)["JobRunState"] == "WAITING"
    asked(aws, run_id)
    assert ended(aws, run_id)["JobRunState"] == "SUCCEEDED"
    aws.glue.plan(Plan(polls=None))
    held = start(aws)
    assert [asked(aws, held)["JobRunState"] for _ in range(3)] == ["STARTING"] * 3
    aws.glue.release(held)
    assert ended(aws, held)["JobRunState"] == "SUCCEEDED"


def test_runs_are_listed_newest_first_in_pages(aws: AwsEmulator) -> None:
    put_job(aws, "job", "")
    started = []
    for _ in range(5):
        started.append(start(aws))
        ended(aws, started[-1])
    pages = list(
        aws.client("glue")
        .get_paginator("get_job_runs")
        .paginate(JobName="job", PaginationConfig={"PageSize": 2})
    )
    assert len(pages) == 3
    assert [run["Id"] for page in pages for run in page["JobRuns"]] == started[::-1]


def test_calls_are_throttled_and_responses_lost_on_demand(aws: AwsEmulator) -> None:
    put_job(aws, "job", SLEEPS)
    before = len(aws.glue.run_ids)
    aws.glue.throttle("GetJob", 2)
    aws.client("glue").get_job(JobName="job")
    aws.glue.throttle("StartJobRun", 1)
    aws.glue.lose_response("StartJobRun")
    # What botocore does with the lost response: it starts a second run, which is refused.
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        start(aws)
    assert len(aws.glue.run_ids) == before + 1
