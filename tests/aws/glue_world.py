"""What the Glue tests share: an emulator with a bucket, jobs of tiny scripts, and waiting for what must
come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.aws_emulator import AwsEmulator

BUCKET = "lake-bucket"
ROLE = "arn:aws:iam::123456789012:role/glue"


@contextmanager
def emulated(port: int = 0) -> Iterator[AwsEmulator]:
    """An emulator with an empty bucket."""
    with AwsEmulator(port) as aws:
        s3 = aws.client("s3")
        # moto keeps S3 as long as the process lives.
        if BUCKET in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            empty(aws)
        else:
            place = {"LocationConstraint": s3.meta.region_name}
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        yield aws


def empty(aws: AwsEmulator, prefix: str = "") -> None:
    """Removes every object below a prefix."""
    s3 = aws.client("s3")
    for key in keys(aws, prefix):
        s3.delete_object(Bucket=BUCKET, Key=key)


def keys(aws: AwsEmulator, prefix: str = "") -> list[str]:
    """The keys in the bucket, sorted."""
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [each["Key"] for page in pages for each in page.get("Contents", [])]


def put_job(aws: AwsEmulator, name: str, script: str, **definition: Any) -> None:
    """A job whose script is `script`; puts it in place of an earlier one of that name."""
    aws.client("s3").put_object(Bucket=BUCKET, Key=f"code/{name}.py", Body=script.encode())
    aws.client("glue").delete_job(JobName=name)
    aws.client("glue").create_job(
        Name=name,
        Role=ROLE,
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/code/{name}.py", "PythonVersion": "3"},
        **{"GlueVersion": "6.0", "WorkerType": "G.1X", "NumberOfWorkers": 2, **definition},
    )


def until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true answer of `what`; a failure where none came in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")
