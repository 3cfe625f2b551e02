"""A step has one run on Glue, whatever is lost: an answer, or the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.aws.glue_scripts import EXTRA, REPORTS, WORKS, go, put_script, replace_script, waits_then
from tests.aws.glue_step import JOB, PIPES, Step, arguments, quick
from tests.aws.glue_world import keys, put_job, until
from tests.aws.test_glue_jobs import ONE_TABLE, reported
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.glue import Plan
from tests.aws_emulator.glue_runs import ENDED
from tests.conftest import REPOSITORY


def count(glue: AwsEmulator) -> int:
    """Runs that the job has had."""
    return len(glue.client("glue").get_job_runs(JobName=JOB)["JobRuns"])


def newest(glue: AwsEmulator) -> str:
    return glue.glue.run_ids[-1]


def start_another(glue: AwsEmulator) -> str:
    """A run of the job that is of no step."""
    run_id: str = glue.client("glue").start_job_run(JobName=JOB)["JobRunId"]
    return run_id


def end_at_work(step: Step, tmp_path: Path, number: signal.Signals) -> None:
    """Runs `step` in a process, and signals it when it hears that the script is at work."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603
            arguments(step), env=environment, cwd=REPOSITORY, stdout=said, stderr=said
        )
    try:
        until(lambda: b"\nat work\n" in (tmp_path / "said").read_bytes(), seconds=60)
    finally:
        process.send_signal(number)
        process.wait(60)


def test_a_lost_answer_to_the_start_starts_no_second_run(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    glue.glue.lose_response("StartJobRun")
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert count(glue) == glue.glue.calls["StartJobRun"] == 1
    assert any("whose start was not answered" in line for line in step.heard)


def test_a_run_that_ended_before_its_lost_start_was_looked_up_is_taken(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    glue.glue.plan(Plan(ends="EXPIRED"))
    glue.glue.lose_response("StartJobRun")
    assert "ended as EXPIRED" in Step().run().error()
    assert count(glue) == 1


def test_a_start_that_failed_for_nothing_is_tried_again(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    glue.glue.fail("StartJobRun", "InternalServiceException", 500, times=2)
    assert reported(Step().run()) == ONE_TABLE
    assert count(glue) == 1


def test_throttled_calls_are_repeated(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    for operation in ("GetJob", "GetJobRuns", "StartJobRun", "GetJobRun"):
        glue.glue.throttle(operation, 1)
    glue.glue.fail("GetJobRun", "InternalServiceException", 500)
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert count(glue) == 1
    assert "waiting: AWS takes no more calls for now" in step.heard


def test_the_accounts_limit_is_waited_for(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    glue.glue.fail("StartJobRun", "ResourceNumberLimitExceededException", 400, times=2)
    step = Step().run()
    assert reported(step) == ONE_TABLE
    assert "waiting: the account's limit of Glue runs or DPUs is reached" in step.heard


def test_a_start_that_is_denied_ends_the_step(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    glue.glue.fail("StartJobRun", "AccessDeniedException", 400)
    assert f"starting a run of Glue job {JOB}: AWS answered AccessDeniedException" in Step().run().error()
    assert count(glue) == 0
    assert keys(glue, PIPES) == []


def test_another_run_of_the_job_is_waited_for_visibly(glue: AwsEmulator) -> None:
    put_script(glue, waits_then(REPORTS))
    other = start_another(glue)
    waiting = f"waiting: another run of {JOB} is under way"

    def say(line: str) -> None:
        if line == waiting:
            glue.glue.end(other, "FAILED")
            go(glue)

    step = Step(say=say).run()
    assert reported(step) == ONE_TABLE
    assert step.heard.count(waiting) == 1


def test_a_step_that_waits_for_another_run_too_long_ends_and_leaves_that_run_alone(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    other = start_another(glue)
    said = Step(quick(deadline_seconds=1)).run().error()
    assert f"no run could be started in 1 s: another run of {JOB} is under way" in said
    assert glue.glue.state(other) not in ENDED
    assert keys(glue, PIPES) == []


def test_a_new_process_attaches_to_the_run_of_one_that_was_killed(glue: AwsEmulator, tmp_path: Path) -> None:
    put_script(glue, waits_then(REPORTS))
    dead = Step()
    end_at_work(dead, tmp_path, signal.SIGKILL)
    assert glue.glue.state(newest(glue)) == "RUNNING"
    step = Step(run_id=dead.run_id, say=lambda line: go(glue) if line == "at work" else None).run()
    assert reported(step) == ONE_TABLE
    assert any(line.startswith(f"attached to run {newest(glue)}") for line in step.heard)
    assert count(glue) == 1
    assert keys(glue, PIPES) == []


def test_a_process_that_is_interrupted_stops_its_run(glue: AwsEmulator, tmp_path: Path) -> None:
    put_script(glue, WORKS)
    end_at_work(Step(), tmp_path, signal.SIGINT)
    assert glue.glue.state(newest(glue)) == "STOPPED"
    assert keys(glue, PIPES) == []


def test_the_report_of_a_run_that_succeeded_while_nobody_listened_is_taken(
    glue: AwsEmulator, tmp_path: Path
) -> None:
    put_script(glue, waits_then(REPORTS))
    dead = Step()
    end_at_work(dead, tmp_path, signal.SIGKILL)
    go(glue)
    until(lambda: glue.glue.state(newest(glue)) == "SUCCEEDED")
    assert reported(Step(run_id=dead.run_id).run()) == ONE_TABLE
    assert count(glue) == 1
    assert keys(glue, PIPES) == []


def test_what_a_dead_process_left_of_a_failed_run_is_not_taken_for_the_next_ones(
    glue: AwsEmulator, tmp_path: Path
) -> None:
    put_script(glue, f"send({{'say': 'of the first'}})\n{waits_then(REPORTS)}")
    dead = Step()
    end_at_work(dead, tmp_path, signal.SIGKILL)
    glue.glue.end(newest(glue), "FAILED")
    until(lambda: glue.glue.state(newest(glue)) == "FAILED")
    assert keys(glue, PIPES) != []
    replace_script(glue, f"send({{'say': 'of the second'}})\n{REPORTS}")
    step = Step(run_id=dead.run_id).run()
    assert reported(step) == ONE_TABLE
    assert [line for line in step.heard if line.startswith("of the")] == ["of the second"]
    assert count(glue) == 2


def test_a_step_that_is_run_again_runs_its_job_again(glue: AwsEmulator) -> None:
    put_script(glue, REPORTS)
    first = Step().run()
    assert reported(Step(run_id=first.run_id).run()) == ONE_TABLE
    assert count(glue) == 2


@pytest.mark.parametrize("changed", ["step", "days"])
def test_a_run_of_another_step_is_not_attached_to(glue: AwsEmulator, changed: str) -> None:
    put_script(glue, WORKS)
    glue.glue.plan(Plan(polls=None))
    first = Step()
    run_id = held_run(glue, first)
    other = Step(quick(deadline_seconds=1))
    if changed == "days":
        other.run_id, other.days = first.run_id, first.days[:1]
    assert "another run of" in other.run().error()
    assert glue.glue.state(run_id) == "STARTING"


def held_run(glue: AwsEmulator, step: Step) -> str:
    """A run with the arguments that `step` gives, as if its process had died before it told of one."""
    start, end = step.days[0].isoformat(), step.days[-1].isoformat()
    given = {
        "--healthlake-step": f"{step.run_id}/a/{start}_{end}",
        "--lake": step.options.lake,
        "--database": step.options.database,
        "--partition-start": start,
        "--partition-end": end,
    }
    run_id: str = glue.client("glue").start_job_run(JobName=JOB, Arguments=given)["JobRunId"]
    return run_id


def test_an_earlier_run_of_the_step_that_is_being_stopped_is_waited_for(glue: AwsEmulator) -> None:
    glue.glue.seconds_to_stop = 1.5
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    put_job(glue, JOB, f"import signal, time; {deaf}", DefaultArguments=EXTRA)
    step = Step()
    run_id = held_run(glue, step)
    until(lambda: glue.glue.output(run_id))
    glue.client("glue").batch_stop_job_run(JobName=JOB, JobRunIds=[run_id])
    replace_script(glue, REPORTS)
    step.run()
    assert step.heard[0] == "waiting: an earlier run of this step is being stopped"
    assert reported(step) == ONE_TABLE
    assert glue.glue.state(run_id) == "STOPPED"
