"""Tiny scripts of Glue jobs that send messages as the real ones do, without Spark."""

from __future__ import annotations

from typing import Any

from tests.aws.glue_step import JOB
from tests.aws.glue_world import BUCKET, put_job
from tests.aws_emulator import AwsEmulator

_SCRIPT = """
import datetime, signal, sys, time
import boto3
from healthlake.errors import DropVanished
from healthlake.messages import error_message, report_message
from healthlake.report import Fault, JobReport, TableDay
from healthlake.script_messages import script_messages

signal.signal(signal.SIGTERM, signal.default_int_handler)
DAY = datetime.date(2026, 1, 1)
TABLES = [TableDay("bronze_patient", DAY, 3, True, 7)]
FAULTS = [Fault("bronze_file", DAY, DropVanished("gone"))]

def until(key):
    s3 = boto3.client("s3")
    while key not in [each["Key"] for each in s3.list_objects_v2(Bucket="{bucket}").get("Contents", [])]:
        time.sleep(0.05)

with script_messages(sys.argv[1:]) as send:
{body}
"""

REPORTS = "send(report_message(JobReport(TABLES)))"
WORKS = "send({'say': 'at work'}); time.sleep(60)"
GO = "go"
EXTRA = {"--extra-py-files": f"s3://{BUCKET}/code/healthlake.zip"}


def waits_then(body: str) -> str:
    """Says that it works, and goes on with `body` when the test puts the object `go`."""
    return f"send({{'say': 'at work'}}); until({GO!r})\n{body}"


def put_script(aws: AwsEmulator, body: str, name: str = JOB, **definition: Any) -> None:
    """The job whose script does `body` with a connection to Dagster."""
    aws.client("s3").delete_object(Bucket=BUCKET, Key=GO)
    put_job(aws, name, _script(body), DefaultArguments=EXTRA, **definition)


def replace_script(aws: AwsEmulator, body: str, name: str = JOB) -> None:
    """Another script for the runs to come of a job."""
    aws.client("s3").put_object(Bucket=BUCKET, Key=f"code/{name}.py", Body=_script(body).encode())


def go(aws: AwsEmulator) -> None:
    """Lets the script go on."""
    aws.client("s3").put_object(Bucket=BUCKET, Key=GO, Body=b"")


def _script(body: str) -> str:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return _SCRIPT.replace("{bucket}", BUCKET).replace("{body}", indented)
