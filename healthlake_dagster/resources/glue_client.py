"""The few calls of the Glue API that running a job takes, with AWS's answers as this project's errors.

StartJobRun has no token that makes a second call harmless, and botocore would send it again when the answer
to the first is lost: it is sent once, and `StartUnknown` says that nobody knows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from healthlake.aws import aws_client, aws_session
from healthlake_dagster.resources.aws_errors import AwsError, aws_errors

if TYPE_CHECKING:
    from types_boto3_glue import GlueClient as BotoGlue
    from types_boto3_glue.type_defs import JobRunTypeDef, JobTypeDef

ENDED = frozenset({"STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR", "EXPIRED"})
"""The states that a run doesn't leave; in the four others it lives: STARTING, RUNNING, STOPPING, WAITING."""

_ATTEMPTS = 10
_PAGE = 200
LONGEST_RUN = datetime.timedelta(days=8)
"""Glue ends a run after seven days: one that started earlier doesn't live."""

_BUSY = {
    "ConcurrentRunsExceededException": "another run of {job} is under way",
    "ResourceNumberLimitExceededException": "the account's limit of Glue runs or DPUs is reached",
    "ThrottlingException": "AWS takes no more calls for now",
    "TooManyRequestsException": "AWS takes no more calls for now",
    "RequestLimitExceeded": "AWS takes no more calls for now",
}
"""Answers to StartJobRun that say that nothing was started, and that it may be later."""


class GlueBusy(AwsError):
    """No run can be started now, and none was; the text says why."""


class StartUnknown(AwsError):
    """A run may have been started: the answer was lost."""


class GlueClient:
    """Glue in one region; a context manager. Calls raise `AwsError`."""

    def __init__(self, region: str | None) -> None:
        session = aws_session(region)
        self._client: BotoGlue = aws_client("glue", session, attempts=_ATTEMPTS)
        self._starter: BotoGlue = aws_client("glue", session, attempts=1)

    def __enter__(self) -> GlueClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()
        self._starter.close()

    @property
    def region(self) -> str:
        return self._client.meta.region_name

    def job(self, name: str) -> JobTypeDef:
        """A job's definition."""
        with aws_errors(f"looking Glue job {name} up"):
            return self._client.get_job(JobName=name)["Job"]

    def start(self, job: str, arguments: Mapping[str, str], size: Mapping[str, Any]) -> str:
        """Starts a run and returns its id. `GlueBusy` where it must wait, `StartUnknown` where the answer is
        lost."""
        what = f"starting a run of Glue job {job}"
        try:
            with aws_errors(what):
                answer = self._starter.start_job_run(JobName=job, Arguments=dict(arguments), **size)
                return answer["JobRunId"]
        except AwsError as error:
            if error.code in _BUSY:
                raise GlueBusy(_BUSY[error.code].format(job=job), error.code) from None
            if error.is_unknown or error.code == "OperationTimeoutException":
                raise StartUnknown(str(error), error.code, is_unknown=True) from None
            raise

    def run(self, job: str, run_id: str) -> JobRunTypeDef:
        with aws_errors(f"asking for run {run_id} of Glue job {job}"):
            return self._client.get_job_run(JobName=job, RunId=run_id)["JobRun"]

    def recent_runs(self, job: str) -> Iterator[JobRunTypeDef]:
        """Newest first, as far back as a run may live."""
        oldest = datetime.datetime.now(datetime.UTC) - LONGEST_RUN
        with aws_errors(f"listing the runs of Glue job {job}"):
            pages = self._client.get_paginator("get_job_runs").paginate(
                JobName=job, PaginationConfig={"PageSize": _PAGE}
            )
            for page in pages:
                for run in page["JobRuns"]:
                    if run["StartedOn"] < oldest:
                        return
                    yield run

    def stop(self, job: str, run_id: str) -> str:
        """Tells a run to stop; returns why Glue will not ("" where it will)."""
        with aws_errors(f"stopping run {run_id} of Glue job {job}"):
            answer = self._client.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
        errors = [error.get("ErrorDetail", {}) for error in answer.get("Errors", [])]
        return ", ".join(error.get("ErrorCode", "no reason given") for error in errors)
