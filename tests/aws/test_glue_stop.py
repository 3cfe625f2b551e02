"""A step that ends before its run stops the run, and says where it could not."""

from __future__ import annotations

import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from tests.aws.glue_scripts import WORKS, put_script
from tests.aws.glue_step import JOB, PIPES, Step, quick
from tests.aws.glue_world import keys
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.glue import Plan
from tests.aws_emulator.glue_runs import ENDED


def interrupted(kind: type[BaseException], at: str = "at work", **options: float) -> Step:
    """A step that is interrupted when it hears a line that ends with `at`."""

    def say(line: str) -> None:
        if line.endswith(at):
            raise kind

    return Step(quick(**options), say=say).run()


def newest(glue: AwsEmulator) -> str:
    return glue.glue.run_ids[-1]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, DagsterExecutionInterruptedError])
def test_an_interrupted_step_stops_its_run_and_stays_interrupted(
    glue: AwsEmulator, kind: type[BaseException]
) -> None:
    put_script(glue, WORKS)
    step = interrupted(kind)
    assert type(step.raised) is kind
    assert glue.glue.state(newest(glue)) == "STOPPED"
    assert any(line.endswith(f"run {newest(glue)} was stopped") for line in step.logged)
    assert keys(glue, PIPES) == []


def test_an_interrupt_before_the_start_was_answered_stops_what_was_started(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    glue.glue.plan(Plan(polls=None))
    glue.glue.lose_response("StartJobRun")
    step = interrupted(KeyboardInterrupt, at="the answer to its start was lost")
    assert type(step.raised) is KeyboardInterrupt
    assert glue.glue.state(newest(glue)) == "STOPPED"


def test_an_interrupt_while_another_run_is_waited_for_leaves_that_alone(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    other = glue.client("glue").start_job_run(JobName=JOB)["JobRunId"]
    step = interrupted(KeyboardInterrupt, at="is under way")
    assert any(line.endswith("no run was started") for line in step.logged)
    assert glue.glue.state(other) not in ENDED
    assert glue.glue.run_ids[-1] == other
    assert keys(glue, PIPES) == []


def test_a_stop_that_glue_refuses_once_is_asked_for_again(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    glue.glue.refuse_stops(2)
    step = interrupted(KeyboardInterrupt)
    assert any(line.endswith(f"run {newest(glue)} was stopped") for line in step.logged)
    assert glue.glue.state(newest(glue)) == "STOPPED"


def test_a_stop_that_fails_is_told_with_the_command_that_stops_by_hand(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    glue.glue.refuse_stops(1000)
    step = interrupted(KeyboardInterrupt, stop_seconds=1)
    (said,) = [line for line in step.logged if "may go on" in line]
    assert "Glue refuses to stop it: InternalServiceException" in said
    assert f"aws glue batch-stop-job-run --job-name {JOB} --job-run-ids {newest(glue)}" in said
    assert glue.glue.state(newest(glue)) == "RUNNING"
    # The run goes on writing: whoever attaches to it next finds all of it.
    assert keys(glue, PIPES) != []


def test_a_run_over_the_deadline_is_stopped_and_the_error_says_so(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    glue.glue.plan(Plan(polls=None))
    said = Step(quick(deadline_seconds=1)).run().error()
    assert f"running Glue job {JOB} for 2026-01-01 to 2026-01-02: the deadline of 1 s is over" in said
    assert f"run {newest(glue)} was stopped" in said
    assert glue.glue.state(newest(glue)) == "STOPPED"
    assert keys(glue, PIPES) == []


def test_a_run_over_the_deadline_that_does_not_stop_is_told(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    glue.glue.plan(Plan(polls=None))
    glue.glue.refuse_stops(1000)
    said = Step(quick(deadline_seconds=0.5, stop_seconds=0.5)).run().error()
    assert f"run {newest(glue)} may go on (Glue refuses to stop it: InternalServiceException)" in said


def test_a_step_that_can_no_longer_ask_stops_its_run(glue: AwsEmulator) -> None:
    put_script(glue, WORKS)
    step = Step(
        say=lambda line: (
            glue.glue.fail("GetJobRun", "AccessDeniedException", 400) if line == "at work" else None
        )
    )
    said = step.run().error()
    assert "AWS answered AccessDeniedException" in said
    assert glue.glue.state(newest(glue)) == "STOPPED"
