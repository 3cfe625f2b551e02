"""Runs the jobs on AWS Glue: the same scripts that a local Spark runs, started and watched from here.

The script's progress and its report come back as Dagster Pipes messages through S3. Refuses jobs that Glue
itself would start again (MaxRetries), or start twice at a time: both would write over each other. boto3 is
imported and clients are made when a job is run.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from healthlake.errors import UsageError
from healthlake.report import JobReport, Listener
from healthlake.script_messages import SECONDS_ARGUMENT
from healthlake_dagster.listening import Step
from healthlake_dagster.resources.aws_errors import AwsError
from healthlake_dagster.resources.glue_call import GlueCall, glue_call
from healthlake_dagster.resources.glue_client import LONGEST_RUN, GlueClient
from healthlake_dagster.resources.glue_facts import GlueRunFacts
from healthlake_dagster.resources.glue_options import GlueOptions
from healthlake_dagster.resources.glue_outcome import outcome
from healthlake_dagster.resources.glue_run import GlueRun
from healthlake_dagster.resources.pipes import pipes_session
from healthlake_dagster.resources.pipes_s3 import S3Context, S3Folder, S3Messages
from healthlake_dagster.resources.script_jobs import BRONZE_TO_SILVER, RAW_TO_BRONZE, ScriptJobs

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import JobRunTypeDef


_log = logging.getLogger(__name__)


class GlueJobs(ScriptJobs):
    """The jobs on Glue. What is known of a run is on the materializations of its step, and a line of the
    step's log."""

    def __init__(self, options: GlueOptions) -> None:
        self._options = options

    def require(self) -> None:
        """Asks Glue for the jobs, and S3 for the place of their messages."""
        options = self._options
        with GlueClient(options.region) as glue:
            for script in (RAW_TO_BRONZE, BRONZE_TO_SILVER):
                _require_one_run_at_a_time(glue, options.job_prefix + script, _log.warning)
        with S3Folder(options.pipes, "asked", options.region) as folder:
            folder.read("1.json")

    def _run(
        self,
        context: Step,
        script: str,
        days: Sequence[datetime.date],
        tables: Sequence[str],
        listener: Listener,
    ) -> JobReport:
        options = self._options
        call = glue_call(context, options, script, days, tables)
        with (
            GlueClient(options.region) as glue,
            S3Folder(options.pipes, call.folder, options.region) as folder,
        ):
            _require_one_run_at_a_time(glue, call.job, context.log.warning)
            ended, messages = self._ended(context, glue, call, folder, listener)
            _tidy(lambda: folder.sweep(LONGEST_RUN), context)
            facts = GlueRunFacts.of(ended, glue.region, options.price_per_dpu_hour)
        context.log.info(str(facts))
        _show(context, facts)
        return outcome(call, ended, facts, messages, context.log.warning)

    def _ended(
        self, context: Step, glue: GlueClient, call: GlueCall, folder: S3Folder, listener: Listener
    ) -> tuple[JobRunTypeDef, Sequence[object]]:
        """The run of the step when it has ended, and its messages, which are gone from S3 then."""
        run = GlueRun(glue, call, self._options, listener.say)
        messages = S3Messages(folder)
        if not run.attach(messages.are_there):
            folder.clear()
        try:
            with pipes_session(context, listener, S3Context(folder), messages) as session:
                seconds = {SECONDS_ARGUMENT: str(self._options.message_seconds)}
                bootstrap = {**session.get_bootstrap_cli_arguments(), **seconds}
                ended = run.wait(bootstrap, messages.read)
        except BaseException:
            # An interrupt too, which Dagster makes of a cancelled run.
            if not run.has_ended:
                told = f"{call}: {run.stop()}"
                context.log.warning(told)
                listener.say(told)
            if run.has_ended:
                _tidy(folder.clear, context)
            raise
        if ended["JobRunState"] == "SUCCEEDED":
            # Left there, they would be taken for those of a later run of this step.
            folder.clear()
        else:
            _tidy(folder.clear, context)
        return ended, session.get_custom_messages()


def _tidy(remove: Callable[[], None], context: Step) -> None:
    """Messages of a run that failed, or that nobody waited for, harm nobody."""
    try:
        remove()
    except AwsError as error:
        context.log.warning(f"messages of Glue runs stay in S3: {error}")


def _require_one_run_at_a_time(glue: GlueClient, job: str, warn: Callable[[str], None]) -> None:
    try:
        definition = glue.job(job)
    except AwsError as error:
        if error.code == "EntityNotFoundException":
            raise UsageError(
                f"running Glue job {job}: there is no such job in {glue.region}. Deploy the jobs, or correct"
                " the region or the prefix of their names."
            ) from None
        if error.code != "AccessDeniedException":
            raise
        warn(f"whether Glue job {job} retries by itself is not known: glue:GetJob is denied")
        return
    retries = definition.get("MaxRetries", 0)
    at_a_time = definition.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1)
    if retries or at_a_time > 1:
        raise UsageError(
            f"running Glue job {job}: it has MaxRetries {retries} and MaxConcurrentRuns {at_a_time}, expected"
            " 0 and 1: Dagster retries, and two runs at a time would write the same tables. Deploy the job"
            " with these."
        )


def _show(context: Step, facts: GlueRunFacts) -> None:
    """On every materialization that the step will make."""
    if isinstance(context, dg.AssetExecutionContext):
        for key in context.selected_asset_keys:
            context.add_asset_metadata(facts.metadata(), asset_key=key)
